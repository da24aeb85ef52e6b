"""An erased person is nowhere in the buckets any more, and no later load brings them back."""

import gzip
import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from sqlalchemy import update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.bootstrap import open_upkeep, open_verifier
from exporter.lake.catalog import open_catalog
from exporter.nightly.report import LoadReport
from exporter.nightly.verify import Verdict
from exporter.privacy import Pseudonyms
from exporter.settings import ExporterSettings
from fashion_contracts.lake import BAD_EVENTS, EVENTS, PURCHASE_LINES, PURCHASES, USERS
from storefront.models import User

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
NEXT_NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)
GUEST = "anon-0123456789"
THEIR_ID = f"USER{1:022d}"
OTHER_ID = f"USER{2:022d}"

Rows = Callable[..., list[dict[str, Any]]]
Objects = Callable[[str], dict[str, bytes]]
Verify = Callable[[], list[Verdict]]


@pytest.fixture
def loaded(
    zones: ExporterSettings,
    buy: Callable[..., str],
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
    load: Callable[..., LoadReport],
) -> ExporterSettings:
    """Return zones with two loaded days of two users and a guest, one day loaded twice."""
    for day, at in ((DAY, NOON), (date(2026, 11, 23), NEXT_NOON)):
        buy(at, "10.00", user=1)
        buy(at, "5.00", user=2)
        deliver(
            zones,
            at,
            event(f"theirs-{day}", at),
            event(f"others-{day}", at, user_id=OTHER_ID),
            event(f"guest-{day}", at, user_id=None, anonymous_id=GUEST),
            event(f"longer-{day}", at, user_id=None, anonymous_id=f"{GUEST}0"),
            f'{{"user_id": "{THEIR_ID}", broken',
        )
        load(zones, day)
    load(zones, DAY)
    return zones


@pytest.fixture
def verify(loaded: ExporterSettings) -> Verify:
    def found() -> list[Verdict]:
        with open_verifier(loaded) as verifier:
            return list(verifier.verify(DAY))

    return found


def contents(key: str, body: bytes) -> str:
    """Return what an object says, unpacked."""
    if key.endswith(".parquet"):
        file = pq.ParquetFile(io.BytesIO(body))
        statistics = [
            str(file.metadata.row_group(group).column(column).statistics)
            for group in range(file.num_row_groups)
            for column in range(file.metadata.num_columns)
        ]
        return str(file.read().to_pylist()) + "".join(statistics)
    if body.startswith(b"\x1f\x8b"):
        return gzip.decompress(body).decode()
    return body.decode(errors="replace")


def avro(bucket: str, key: str) -> str:
    files = PyArrowFileIO({**open_catalog().properties})
    found: Iterator[Any]
    with AvroFile(files.new_input(f"s3://{bucket}/{key}")) as found:
        return " ".join(map(str, found))


def everything(objects: Objects, bucket: str) -> str:
    """Return all that a bucket says, but for the list of who is erased."""
    return "\n".join(
        avro(bucket, key) if key.endswith(".avro") else contents(key, body)
        for key, body in objects(bucket).items()
        if not key.startswith("erasures/")
    )


def erase(zones: ExporterSettings, *users: str, anonymous: tuple[str, ...] = ()) -> Any:
    with open_upkeep(zones) as upkeep:
        return upkeep.eraser.erase(users, anonymous)


def test_no_object_holds_the_pseudonym_or_the_id_any_more(
    loaded: ExporterSettings, objects: Objects
) -> None:
    key = Pseudonyms(loaded.pseudonym_secret()).of_user(THEIR_ID)
    other = Pseudonyms(loaded.pseudonym_secret()).of_user(OTHER_ID)
    assert key in everything(objects, loaded.clean_bucket)
    assert THEIR_ID in everything(objects, loaded.landing_bucket)

    erase(loaded, THEIR_ID)

    clean = everything(objects, loaded.clean_bucket)
    # Iceberg keeps the first sixteen characters of a column's least and greatest value.
    assert key[:16] not in clean
    assert other in clean
    assert THEIR_ID not in everything(objects, loaded.landing_bucket)


def test_the_books_still_add_up_and_everybody_else_stays(
    loaded: ExporterSettings, rows: Rows
) -> None:
    others = [row for row in rows(loaded, EVENTS) if not row["event_id"].startswith("theirs")]

    report = erase(loaded, THEIR_ID)

    assert sum(row["total"] for row in rows(loaded, PURCHASES)) == Decimal("30.00")
    assert [row["user_key"] for row in rows(loaded, PURCHASES)].count("erased") == 2
    assert [row["user_key"] for row in rows(loaded, PURCHASE_LINES)].count("erased") == 2
    assert len(rows(loaded, USERS)) == 2
    assert rows(loaded, EVENTS) == others
    assert (report.people, report.lake.rows, report.landing.lines) == (1, 7, 6)


def test_verify_misses_nobody_who_was_erased_and_whatever_else_is_gone(
    loaded: ExporterSettings, load: Callable[..., LoadReport], verify: Verify
) -> None:
    erase(loaded, THEIR_ID, anonymous=(GUEST,))
    assert [str(verdict) for verdict in verify() if verdict.differences] == []

    catalog = open_catalog()
    catalog.load_table((loaded.glue_database, EVENTS.name)).delete("event_id LIKE 'others-%'")
    assert [verdict.table for verdict in verify() if verdict.differences] == [EVENTS.name]

    load(loaded, DAY)
    assert [str(verdict) for verdict in verify() if verdict.differences] == []


def test_an_erased_person_stays_erased_when_the_day_is_loaded_again(
    loaded: ExporterSettings,
    rows: Rows,
    load: Callable[..., LoadReport],
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
) -> None:
    erase(loaded, THEIR_ID)
    tables = (USERS, PURCHASES, PURCHASE_LINES, EVENTS)
    before = [rows(loaded, table) for table in tables]
    deliver(loaded, NOON, event("still-on-its-way", NOON))

    report = load(loaded, DAY)

    assert [rows(loaded, table) for table in tables] == before
    assert report.intake.erased == 1
    assert report.totals["users.rows"] == len(before[0])


def test_a_guest_is_erased_without_those_whose_id_only_begins_alike(
    loaded: ExporterSettings, rows: Rows
) -> None:
    erase(loaded, anonymous=(GUEST,))

    kinds = {row["event_id"].split("-")[0] for row in rows(loaded, EVENTS)}
    assert kinds == {"theirs", "others", "longer"}


def test_bad_lines_keep_their_numbers(
    zones: ExporterSettings,
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
    load: Callable[..., LoadReport],
    rows: Rows,
) -> None:
    deliver(zones, NOON, event("theirs", NOON), "no json")
    erase(zones, THEIR_ID)

    load(zones, DAY)

    assert [row["line_number"] for row in rows(zones, BAD_EVENTS)] == [2]


def test_without_an_id_those_are_erased_whose_account_is_and_only_once(
    loaded: ExporterSettings, shop: Session, rows: Rows
) -> None:
    shop.execute(update(User).where(User.id == THEIR_ID).values(erased_at=NOON))
    shop.commit()
    with open_upkeep(loaded) as upkeep:
        reports = [upkeep.eraser.erase_all() for _ in range(2)]

    assert [report.people for report in reports] == [1, 0]
    assert len(rows(loaded, USERS)) == 2


def test_a_request_that_died_is_done_by_the_next(
    loaded: ExporterSettings, shop: Session, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.execute(update(User).where(User.id == THEIR_ID).values(erased_at=NOON))
    shop.commit()
    with open_upkeep(loaded) as upkeep:

        def die(*_: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(upkeep.eraser.lake, "erase", die)
        with pytest.raises(KeyboardInterrupt):
            upkeep.eraser.erase_all()

    with open_upkeep(loaded) as upkeep:
        upkeep.eraser.erase_all()

    assert len(rows(loaded, USERS)) == 2


def test_erase_says_what_it_did_and_names_nobody(
    loaded: ExporterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("landing_bucket", "clean_bucket", "glue_database"):
        monkeypatch.setenv(f"EXPORTER_{name.upper()}", getattr(loaded, name))
    monkeypatch.setenv("EXPORTER_DATABASE_URL", loaded.database_url.get_secret_value())
    monkeypatch.setenv("EXPORTER_PSEUDONYM_KEY", loaded.pseudonym_secret().decode())

    result = CliRunner().invoke(app, ["erase", "--user", THEIR_ID])

    assert result.exit_code == 0
    assert "1 people erased: 7 rows" in result.stdout
    assert THEIR_ID not in result.output
