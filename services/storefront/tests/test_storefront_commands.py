"""The commands: what operators and the demo run."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from fashion_kit.clock import utc_now
from fashion_kit.tokens import Identity, InvalidTokenError, private_key_of, verify_token
from storefront.__main__ import main
from storefront.database import Sessions
from storefront.models import Product, User
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers

COMMANDS = ("migrate", "seed", "import-catalogue", "grant-role", "issue-token", "relay")
STYLES = (
    "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,"
    "productDisplayName\n"
    "15970,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,Navy Blue Check Shirt\n"
)


@pytest.fixture
def runner(storefront_url: str) -> Iterator[CliRunner]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOREFRONT_DATABASE_URL", storefront_url)
        # A command sends the logs to its own standard error, which ends with it.
        patch.setattr(logging.getLogger(), "handlers", [])
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


def test_import_sums_up_the_odd_rows_and_writes_each(
    runner: CliRunner, session: Session, tmp_path: Path
) -> None:
    file, report = tmp_path / "styles.csv", tmp_path / "odd.csv"
    file.write_text(f"{STYLES}7,Men\n")
    outcome = runner.invoke(main, ["import-catalogue", str(file), "--report", str(report)])
    assert "0 rows repaired, 1 skipped" in outcome.stdout
    assert "1 x too few cells: row skipped" in outcome.stdout
    assert report.read_text().splitlines()[1:] == ["3,,skipped,too few cells,row skipped"]


@pytest.mark.parametrize("report", ["odd.txt", "nowhere/odd.csv"])
def test_a_report_that_cannot_be_written_is_said_so_first(
    runner: CliRunner, session: Session, tmp_path: Path, report: str
) -> None:
    file = tmp_path / "styles.csv"
    file.write_text(STYLES)
    arguments = ["import-catalogue", str(file), "--report", str(tmp_path / report)]
    assert runner.invoke(main, arguments).exit_code == 2
    assert products(session) == 0


def test_a_file_that_is_another_is_said_so(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "styles.csv"
    file.write_text("id,price\n")
    outcome = runner.invoke(main, ["import-catalogue", str(file)])
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("styles.csv must begin with")


def test_a_role_is_granted(runner: CliRunner, session: Session, user_id: str) -> None:
    outcome = runner.invoke(main, ["grant-role", "Asha", "--role", "admin"])
    assert (outcome.exit_code, outcome.stdout) == (0, "Asha is admin now, and was customer.\n")
    assert session.get_one(User, user_id).role == "admin"
    logged = json.loads(outcome.stderr)
    assert (logged["event"], logged["user_id"]) == ("role_granted", user_id)
    assert (logged["role"], logged["role_before"]) == ("admin", "customer")
    assert "asha" not in outcome.stderr


def test_a_role_for_nobody_is_said_so(runner: CliRunner, sessions: Sessions) -> None:
    outcome = runner.invoke(main, ["grant-role", "nobody", "--role", "admin"])
    assert (outcome.exit_code, outcome.stderr) == (1, "There is no user 'nobody'.\n")


@pytest.mark.parametrize("role", ["anonymous", "owner"])
def test_a_role_that_nobody_can_have_is_refused(
    runner: CliRunner, session: Session, user_id: str, role: str
) -> None:
    assert runner.invoke(main, ["grant-role", "asha", "--role", role]).exit_code == 2
    assert session.get_one(User, user_id).role == "customer"


def test_a_file_that_is_not_there_is_said_so(runner: CliRunner) -> None:
    assert runner.invoke(main, ["import-catalogue", "nowhere.csv"]).exit_code == 2


class TestIssueToken:
    ARGUMENTS = ("issue-token", "--role", "service", "--lifetime", "P30D", "--name")

    @pytest.fixture(autouse=True)
    def key_file(
        self, storefront_settings: StorefrontSettings, monkeypatch: pytest.MonkeyPatch
    ) -> Path:
        file = storefront_settings.token_private_key_file
        monkeypatch.setenv("STOREFRONT_TOKEN_PRIVATE_KEY_FILE", str(file))
        return file

    def test_it_prints_a_token_that_holds_so_long(self, runner: CliRunner, key_file: Path) -> None:
        token = runner.invoke(main, [*self.ARGUMENTS, "warehouse"]).output.strip()
        public_key = private_key_of(key_file.read_text()).public_key()
        in_time, too_late = (utc_now() + timedelta(days=days) for days in (29, 31))
        identity = verify_token(token, public_key, clock=lambda: in_time)
        assert identity == Identity("warehouse", "service")
        with pytest.raises(InvalidTokenError):
            verify_token(token, public_key, clock=lambda: too_late)

    @pytest.mark.parametrize("name", ["", "a", "anon-warehouse", "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
    def test_a_service_has_no_name_of_a_shopper(self, runner: CliRunner, name: str) -> None:
        assert runner.invoke(main, [*self.ARGUMENTS, name]).exit_code == 2

    @pytest.mark.parametrize(
        "change", [("--lifetime", "soon"), ("--role", "admin"), ("--role", "customer")]
    )
    def test_anything_else_is_refused(self, runner: CliRunner, change: tuple[str, str]) -> None:
        assert runner.invoke(main, [*self.ARGUMENTS, "warehouse", *change]).exit_code == 2


def _name(command: object) -> str:
    callback = getattr(command, "callback", None)
    return str(getattr(callback, "__name__", "")).replace("_", "-")
