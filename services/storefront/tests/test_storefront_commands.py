"""The commands: what operators and the demo run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from storefront.__main__ import main
from storefront.models import Product

pytestmark = pytest.mark.servers

COMMANDS = ("migrate", "seed", "import-catalogue", "relay")
STYLES = (
    "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,"
    "productDisplayName\n"
    "15970,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,Navy Blue Check Shirt\n"
)


@pytest.fixture
def runner(storefront_url: str) -> Iterator[CliRunner]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOREFRONT_DATABASE_URL", storefront_url)
        yield CliRunner()


def products(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Product)).one()


def test_help_names_every_command(runner: CliRunner) -> None:
    shown = runner.invoke(main, ["--help"]).output
    assert all(command in shown for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(runner: CliRunner, command: str) -> None:
    found = next(one for one in main.registered_commands if one.callback and _name(one) == command)
    assert found.callback
    assert found.callback.__doc__


def test_migrate_can_be_repeated(runner: CliRunner) -> None:
    assert runner.invoke(main, ["migrate"]).exit_code == 0


def test_seed_fills_the_catalogue(runner: CliRunner, session: Session) -> None:
    outcome = runner.invoke(main, ["seed", "--count", "20", "--seed", "1"])
    assert (outcome.exit_code, products(session)) == (0, 20)
    assert "20 products added" in outcome.output


def test_import_reads_the_file(runner: CliRunner, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "styles.csv"
    file.write_text(STYLES)
    outcome = runner.invoke(main, ["import-catalogue", str(file)])
    assert (outcome.exit_code, products(session)) == (0, 1)


def test_a_file_that_is_not_there_is_said_so(runner: CliRunner) -> None:
    assert runner.invoke(main, ["import-catalogue", "nowhere.csv"]).exit_code == 2


def _name(command: object) -> str:
    callback = getattr(command, "callback", None)
    return str(getattr(callback, "__name__", "")).replace("_", "-")
