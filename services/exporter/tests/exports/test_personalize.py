"""Amazon Personalize's files keep the rules that it documents."""

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.exports import datasets
from exporter.exports.datasets import Dataset
from exporter.exports.errors import UnfitDataError
from exporter.exports.personalize import export_personalize
from exporter.exports.sink import MANIFEST, Folder
from exporter.exports.source import Period, Source
from exporter.lake.tables import LakeRow
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, PURCHASES, USERS
from fashion_kit.aws import client

DAY = date(2024, 11, 22)
NEXT = date(2024, 11, 23)
ONE_DAY = Period(DAY, DAY)
SECOND = 1_732_251_600

Fill = Callable[..., None]
Look = Callable[..., LakeRow]
Bought = Callable[..., tuple[LakeRow, LakeRow]]
At = Callable[[object], Folder]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def product(at: object, **fields: object) -> LakeRow:
    return {
        "id": 7,
        "master_category": "Apparel",
        "sub_category": 'Top "wear", all',
        "article_type": None,
        "base_colour": "Navy Blue",
        "price": Decimal("19.90"),
        "currency": "INR",
        "stock": 1,
        "is_active": True,
        "updated_at": at,
    } | fields


@pytest.fixture
def written(
    fill: Fill, look: Look, bought: Bought, source: Source, folder_at: At, tmp_path: Path
) -> Path:
    """Return the folder of an export of a small shop."""
    purchases = [bought(1, "ann", "10.00"), bought(2, "ben", "20.00", "cancelled")]
    purchases.append(bought(3, "ben", "30.50", "refunded"))
    fill(PURCHASES, *(purchase for purchase, _ in purchases))
    fill(PURCHASE_LINES, *(line for _, line in purchases))
    fill(
        EVENTS,
        look("ann", 7),
        look("ann", 7, 1, type="list_click", recommendation_id="r1"),
        look("cid", 8, 2, type="add_to_cart", is_anonymous=True),
        look("ann", None, 3, type="search"),
        look("ann", 7, 4, type="remove_from_cart"),
        look("ann", 7, 5, type="purchase", purchase_id="p1"),
    )
    at = look("ann", 1)["event_time"]
    fill(PRODUCTS, product(at), product(at, id=8, master_category=None, is_active=False))
    fill(USERS, {"user_key": "ann", "sex": "F", "age_band": "25-34", "registered_at": at})
    export_personalize(source, folder_at(tmp_path), ONE_DAY)
    return tmp_path


def test_purchases_of_the_books_and_acts_of_the_events_are_interactions(written: Path) -> None:
    rows = read(written / "interactions.csv")

    assert sorted((row["USER_ID"], row["EVENT_TYPE"], row["EVENT_VALUE"]) for row in rows) == [
        ("ann", "Click", ""),
        ("ann", "Purchase", "10.00"),
        ("ann", "View", ""),
        ("ben", "Purchase", "30.50"),
        ("cid", "AddToCart", ""),
    ]
    assert {int(row["TIMESTAMP"]) - SECOND for row in rows} == {0, 1, 2}


def test_items_have_their_categories_and_prices(written: Path) -> None:
    first, second = read(written / "items.csv")

    assert first["ITEM_ID"] == "7"
    assert (first["PRICE"], first["CATEGORY_L2"]) == ("19.90", 'Top "wear", all')
    assert (first["CATEGORY_L3"], first["IS_ACTIVE"]) == ("", "yes")
    assert (second["CATEGORY_L1"], second["IS_ACTIVE"]) == ("Unknown", "no")


def test_users_are_pseudonyms_and_bands(written: Path) -> None:
    assert read(written / "users.csv") == [
        {"USER_ID": "ann", "SEX": "F", "AGE_BAND": "25-34", "CITY": "", "COUNTRY": ""}
    ]


@pytest.mark.parametrize("dataset", [datasets.INTERACTIONS, datasets.ITEMS, datasets.USERS])
def test_each_file_is_what_its_schema_says(dataset: Dataset, written: Path) -> None:
    schema = json.loads((written / dataset.schema_file).read_text())
    lines = (written / dataset.file).read_text().splitlines()

    assert lines[0] == ",".join(field["name"] for field in schema["fields"])
    assert (schema["type"], schema["version"]) == ("record", "1.0")
    assert schema["namespace"] == "com.amazonaws.personalize.schema"
    for row in read(written / dataset.file):
        for field in schema["fields"]:
            value, kind = row[field["name"]], field["type"]
            assert value or "null" in kind
            if value and "string" not in kind:
                assert (int if "long" in kind else float)(value) > 0


def test_the_schemas_have_what_the_ecommerce_domain_requires() -> None:
    required = {
        datasets.INTERACTIONS: {"USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"},
        datasets.ITEMS: {"ITEM_ID", "PRICE", "CATEGORY_L1"},
        datasets.USERS: {"USER_ID"},
    }
    for dataset, names in required.items():
        fields = {field.name: field for field in dataset.fields}
        assert names <= set(fields)
        assert not any(fields[name].is_nullable for name in names)
        assert set(fields) - names, "at least one more is asked for"


def test_days_follow_one_another_and_no_other_day_is_in(
    fill: Fill, look: Look, source: Source, folder_at: At, tmp_path: Path
) -> None:
    for number in range(3):
        day = date(2024, 11, 22 + number)
        fill(EVENTS, look("ann", number + 1, 86_400 * number), day=day)

    rows = export_personalize(source, folder_at(tmp_path), Period(DAY, NEXT))

    assert rows["interactions.csv"] == 2
    assert [row["ITEM_ID"] for row in read(tmp_path / "interactions.csv")] == ["1", "2"]
    assert json.loads((tmp_path / MANIFEST).read_text()) == {
        "from": "2024-11-22",
        "to": "2024-11-23",
        "rows": rows,
    }


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        (["ann", None], "USER_ID is missing"),
        (["ann", ""], "USER_ID is empty"),
        (["ann", "x" * 257], "USER_ID is longer than 256"),
    ],
)
def test_what_personalize_would_refuse_is_refused(values: list[str | None], rule: str) -> None:
    ids, nothing = pa.array(values), pa.nulls(2, pa.string())

    with pytest.raises(UnfitDataError, match=rule):
        datasets.USERS.batch([ids, nothing, nothing, nothing, nothing])


def test_a_category_may_have_a_thousand_characters_and_no_more() -> None:
    ids, nothing = pa.array(["ann"]), pa.nulls(1, pa.string())
    longest = "x" * 1_000

    datasets.USERS.batch([ids, pa.array([longest]), nothing, nothing, nothing])

    with pytest.raises(UnfitDataError, match="SEX is longer than 1000"):
        datasets.USERS.batch([ids, pa.array([f"{longest}x"]), nothing, nothing, nothing])


def test_an_export_that_fails_leaves_no_manifest(
    fill: Fill, look: Look, source: Source, folder_at: At, written: Path
) -> None:
    fill(EVENTS, look("x" * 300, 7))

    with pytest.raises(UnfitDataError):
        export_personalize(source, folder_at(written), ONE_DAY)

    assert not (written / MANIFEST).exists()


@pytest.fixture
def told(zones: ExporterSettings, monkeypatch: pytest.MonkeyPatch) -> ExporterSettings:
    monkeypatch.setenv("EXPORTER_CLEAN_BUCKET", zones.clean_bucket)
    monkeypatch.setenv("EXPORTER_GLUE_DATABASE", zones.glue_database)
    return zones


def test_the_command_writes_to_s3_too(told: ExporterSettings, fill: Fill, look: Look) -> None:
    fill(EVENTS, look("ann", 7))
    out = f"s3://{told.clean_bucket}/exports/personalize/"

    given = ["--from", str(DAY), "--to", str(DAY), "--out", out]
    result = CliRunner().invoke(app, ["export", "personalize", *given])

    assert result.exit_code == 0, result.output
    assert "interactions.csv: 1 rows" in result.stdout
    assert "at least 1,000 interactions" in result.stderr
    key = "exports/personalize/interactions.csv"
    body = client("s3").get_object(Bucket=told.clean_bucket, Key=key)["Body"].read()
    assert body.decode().splitlines()[1] == f'"ann","7","View",,{SECOND}'


def test_the_command_refuses_days_the_wrong_way_round(
    told: ExporterSettings, tmp_path: Path
) -> None:
    given = ["--from", str(NEXT), "--to", str(DAY), "--out", str(tmp_path)]

    result = CliRunner().invoke(app, ["export", "session-rec", *given])

    assert result.exit_code == 1
    assert "--to must not come before --from" in result.stderr
