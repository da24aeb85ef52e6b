"""The endpoint that can reshard: what npm is told to install."""

import json

from infra.faults.kinesis_local import PINS


def test_npm_is_told_version_and_hash_of_the_package_and_of_nothing_else() -> None:
    wanted = json.loads((PINS / "package.json").read_text())["dependencies"]
    locked = json.loads((PINS / "package-lock.json").read_text())["packages"]
    pinned = {
        name.removeprefix("node_modules/"): package for name, package in locked.items() if name
    }
    assert {name: package["version"] for name, package in pinned.items()} == wanted
    assert all(package["integrity"].startswith("sha512-") for package in pinned.values())


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (PINS / "package-lock.json").read_text()
