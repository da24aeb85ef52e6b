"""The endpoint that can reshard: what npm is told to install, and what if it does not."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from infra.faults import __main__ as faults
from infra.faults.kinesis_local import PINS, KinesisLocal, NotInstalledError
from infra.faults.scenarios import SCENARIOS
from infra.faults.settings import FaultsSettings


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


def test_where_npm_cannot_install_it_the_table_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: KinesisLocal) -> None:
        raise NotInstalledError

    monkeypatch.setattr(KinesisLocal, "__enter__", fail)
    monkeypatch.setattr(faults, "LOGS", tmp_path / "logs")
    chosen = [scenario for scenario in SCENARIOS if scenario.is_on_kinesis_local]
    [result] = faults.run(Console(quiet=True), chosen, FaultsSettings())
    assert result.scenario.name == "reshard"
    assert result.not_run.startswith("npm could not install kinesis-local")
