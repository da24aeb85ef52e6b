"""The ways in: the command line and the Lambda do the same as the service."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.errors import BadDayError
from exporter.lambdas.daily_load import handler
from exporter.nightly.report import LoadReport
from exporter.settings import AwsSettings, ExporterSettings
from fashion_contracts.lake import TABLES
from fashion_kit.aws import client
from fashion_kit.ids import new_id

DAY = date(2024, 11, 22)
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)


@pytest.fixture
def told(
    new_zones: Callable[..., ExporterSettings], monkeypatch: pytest.MonkeyPatch
) -> ExporterSettings:
    """Return settings that the environment holds as well."""
    zones = new_zones()
    monkeypatch.setenv("EXPORTER_DATABASE_URL", zones.database_url.get_secret_value())
    monkeypatch.setenv("EXPORTER_LANDING_BUCKET", zones.landing_bucket)
    monkeypatch.setenv("EXPORTER_CLEAN_BUCKET", zones.clean_bucket)
    monkeypatch.setenv("EXPORTER_GLUE_DATABASE", zones.glue_database)
    monkeypatch.setenv("EXPORTER_PSEUDONYM_KEY", zones.pseudonym_secret().decode())
    return zones


def test_run_reports_what_it_loaded(told: ExporterSettings, buy: Callable[..., str]) -> None:
    buy(NOON, "1234.50")

    result = CliRunner().invoke(app, ["run", "--day", str(DAY)])

    assert result.exit_code == 0
    assert "2024-11-22 loaded" in result.stdout
    assert "1,234.50" in result.stdout


@pytest.mark.parametrize(
    ("day", "sentence"),
    [("22.11.2024", "must be a date written YYYY-MM-DD"), ("2999-01-01", "has not begun yet")],
)
def test_run_says_what_is_wrong_and_fails(day: str, sentence: str, told: ExporterSettings) -> None:
    result = CliRunner().invoke(app, ["run", "--day", day])

    assert result.exit_code == 1
    assert sentence in result.stderr


def test_days_prints_the_loaded_days_as_json_lines(
    told: ExporterSettings, load: Callable[..., LoadReport]
) -> None:
    load(told, DAY)

    result = CliRunner().invoke(app, ["days"])

    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"business_day": "2024-11-22"}
    ]


def test_the_lambda_loads_what_the_service_loads(
    told: ExporterSettings,
    zones: ExporterSettings,
    buy: Callable[..., str],
    load: Callable[..., LoadReport],
    rows: Callable[..., list[dict[str, Any]]],
) -> None:
    buy(NOON, "1.00", "2.00")
    report = load(zones, DAY)

    answer = handler({"DATE_EXECUTION": str(DAY)}, None)

    assert answer["totals"] == report.to_dict()["totals"]
    assert json.loads(json.dumps(answer)) == answer
    for table in TABLES:
        assert rows(told, table) == rows(zones, table)


def test_the_lambda_refuses_what_is_no_day(told: ExporterSettings) -> None:
    with pytest.raises(BadDayError, match=r"DATE_EXECUTION .* not 'tomorrow'"):
        handler({"DATE_EXECUTION": "tomorrow"}, None)


@pytest.mark.parametrize("key", ["", "short"])
def test_settings_without_a_good_pseudonym_key_are_refused(
    key: str, told: ExporterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPORTER_PSEUDONYM_KEY", key)

    with pytest.raises(ValidationError, match="needs at least 32 characters"):
        ExporterSettings()


@pytest.mark.parametrize("has_both", [True, False])
def test_settings_need_the_pseudonym_key_in_one_place(
    has_both: bool, told: ExporterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if has_both:
        monkeypatch.setenv("EXPORTER_PSEUDONYM_KEY_FILE", "somewhere")
    else:
        monkeypatch.delenv("EXPORTER_PSEUDONYM_KEY")

    with pytest.raises(ValidationError, match="set either EXPORTER_PSEUDONYM_KEY or"):
        ExporterSettings()


def test_url_and_key_may_lie_in_the_secret_store(
    told: ExporterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = told.database_url.get_secret_value()
    secret = {"database_url": url, "pseudonym_key": told.pseudonym_secret().decode()}
    kept = client("secretsmanager").create_secret(Name=new_id(), SecretString=json.dumps(secret))
    monkeypatch.delenv("EXPORTER_DATABASE_URL")
    monkeypatch.delenv("EXPORTER_PSEUDONYM_KEY")
    monkeypatch.setenv("EXPORTER_SECRET_ID", kept["ARN"])

    settings = ExporterSettings()

    assert settings.database_url.get_secret_value() == url
    assert settings.pseudonym_secret() == told.pseudonym_secret()


def test_a_pseudonym_key_may_lie_in_a_file(
    told: ExporterSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("EXPORTER_PSEUDONYM_KEY")
    file = tmp_path / "key"
    file.write_text("k" * 32 + "\n")

    assert ExporterSettings(pseudonym_key_file=file).pseudonym_secret() == told.pseudonym_secret()


def test_s3_may_have_an_address_of_its_own() -> None:
    own = AwsSettings(aws_endpoint_url="http://all", aws_endpoint_url_s3="http://s3")

    assert own.s3_endpoint == "http://s3"
