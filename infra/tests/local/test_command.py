"""Commands in the running shop: what they are told, and what is said when it is not up."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local import __main__ as shop
from infra.local.command import PROCESSES, ShopNotUpError, run_command
from infra.local.services import SERVICES
from infra.local.settings import inherited_environment
from infra.local.state import ProcessState, StackState

# Stands in for the service: it says what it was asked and told.
STAND_IN = "import os, sys; print(*sys.argv[1:], os.environ['TOLD']); sys.exit(3)"
WAIT = "import sys; print('ready', flush=True); sys.stdin.read()"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a shop whose recommender process was told something."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "recommender.py").write_text(STAND_IN)
    told = inherited_environment() | {"PYTHONPATH": str(modules), "TOLD": "this shop"}
    with subprocess.Popen(
        [sys.executable, "-c", WAIT], env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        StackState(
            supervisor=ProcessState.of("supervisor", os.getpid()),
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            processes=[ProcessState.of("recommender", process.pid)],
        ).write(tmp_path)
        yield tmp_path


def test_a_command_is_told_what_the_shops_process_was_told(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(folder, "recommender", ["build", "--days", "3"]) == 3
    assert capfd.readouterr().out == "build --days 3 this shop\n"


def test_options_after_the_service_are_the_commands_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shop, "FOLDER", folder)
    monkeypatch.setattr("sys.argv", ["infra.local", "run", "recommender", "--help"])
    assert shop.main() == 3
    assert capfd.readouterr().out == "--help this shop\n"


def test_a_process_that_does_not_run_is_named(folder: Path) -> None:
    with pytest.raises(ShopNotUpError, match="schedule"):
        run_command(folder, "exporter", ["run"])


def test_without_a_running_shop_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shop, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["infra.local", "run", "recommender", "build"])
    assert shop.main() == 1
    assert "make up" in capfd.readouterr().out


def test_every_service_has_a_process_that_knows_its_settings() -> None:
    assert set(PROCESSES.values()) <= {service.name for service in SERVICES}
