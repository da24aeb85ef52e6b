"""docs/deploy.md names only what exists: make targets, settings, commands."""

import re
from pathlib import Path

from typer.main import get_command

from infra.cloud.__main__ import main as cloud_commands
from infra.cloud.commands import CDK
from infra.stages import CloudSettings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/deploy.md").read_text()


def test_every_make_target_exists() -> None:
    named = set(re.findall(r"(?:`|^|\d )make ([a-z][a-z-]+)", PAGE, re.M))
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert {"synth", "deploy", "destroy"} <= named <= targets


def test_every_setting_exists() -> None:
    settings = {f"CLOUD_{name}".upper() for name in CloudSettings.model_fields}
    assert set(re.findall(r"\bCLOUD_[A-Z_]+", PAGE)) <= settings


def test_every_command_exists() -> None:
    named = set(re.findall(r"-m infra\.cloud ([a-z-]+)", PAGE))
    assert named
    assert named <= set(getattr(get_command(cloud_commands), "commands", {}))


def test_the_cdk_that_bootstraps_is_the_one_that_deploys() -> None:
    assert set(re.findall(r"aws-cdk@[\d.]+", PAGE)) == {CDK}
