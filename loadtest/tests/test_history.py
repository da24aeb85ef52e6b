import gzip
import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import ShelfEmptyError
from loadtest.history import HistoryConfig, HistorySummary, write_history

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIG = HistoryConfig(end=END, sessions=400, days=5, seed=3)
COMMON = {"event_id", "schema", "type", "session_id", "event_time", "received_at"}
PRODUCT = {"product_id", "price", "currency"}
KEYS = {
    "list_view": set(),
    "search": {"query"},
    "product_view": PRODUCT,
    "add_to_cart": PRODUCT | {"quantity"},
    "remove_from_cart": PRODUCT | {"quantity"},
    "begin_checkout": set(),
    "purchase": PRODUCT | {"quantity", "purchase_id"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="module")
def summary(rows: list[dict[str, Any]], folder: Path) -> HistorySummary:
    return write_history(rows, CONFIG, folder)


@pytest.fixture(scope="module")
def records(summary: HistorySummary, folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.rglob("*.gz"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


class TestRecords:
    def test_have_the_keys_of_their_type(self, records: list[dict[str, Any]]) -> None:
        owners = {"user_id", "anonymous_id"}
        for record in records:
            assert record.keys() - owners == COMMON | KEYS[record["type"]]
            assert len(record.keys() & owners) == 1
        assert {record["type"] for record in records} == KEYS.keys()

    def test_have_values_of_the_right_kind(self, records: list[dict[str, Any]]) -> None:
        instant = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
        for record in records:
            assert record["schema"] == "interaction/1"
            assert re.fullmatch(r"[0-9a-f]{32}", record["event_id"])
            assert instant.fullmatch(record["event_time"])
            assert instant.fullmatch(record["received_at"])
            assert Decimal(record.get("price", "1.00")) > 0
            assert re.match("anon-", record.get("anonymous_id", "anon-"))

    def test_every_event_id_is_there_once(self, records: list[dict[str, Any]]) -> None:
        assert len({record["event_id"] for record in records}) == len(records)

    def test_lie_within_the_days_and_arrive_soon_after_they_happen(
        self, records: list[dict[str, Any]]
    ) -> None:
        for record in records:
            happened = datetime.fromisoformat(record["event_time"])
            arrived = datetime.fromisoformat(record["received_at"])
            assert END - timedelta(days=5) <= happened < arrived < END
            assert arrived - happened < timedelta(seconds=1)

    def test_time_goes_on_within_a_session(self, records: list[dict[str, Any]]) -> None:
        sessions: dict[str, list[str]] = defaultdict(list)
        for record in records:
            sessions[record["session_id"]].append(record["event_time"])
        assert all(times == sorted(times) for times in sessions.values())

    def test_shoppers_come_back(self, records: list[dict[str, Any]]) -> None:
        owners = {r.get("user_id") or r["anonymous_id"] for r in records}
        assert len(owners) < len({r["session_id"] for r in records})

    def test_only_what_is_in_the_cart_is_bought(self, records: list[dict[str, Any]]) -> None:
        carts: dict[str, set[int]] = defaultdict(set)
        for record in records:
            cart = carts[record["session_id"]]
            if record["type"] == "add_to_cart":
                cart.add(record["product_id"])
            elif record["type"] == "remove_from_cart":
                cart.remove(record["product_id"])
            elif record["type"] == "purchase":
                assert record["product_id"] in cart
                assert "user_id" in record


class TestFiles:
    def test_lie_in_the_folder_of_the_hour_they_arrived_in(
        self, summary: HistorySummary, folder: Path
    ) -> None:
        for path in folder.rglob("*.gz"):
            where = re.fullmatch(
                r"events/dt=(\d{4}-\d\d-\d\d)/hour=(\d\d)/[\w-]+\.gz",
                path.relative_to(folder).as_posix(),
            )
            assert where is not None
            lines = gzip.decompress(path.read_bytes()).splitlines()
            hours = {json.loads(line)["received_at"][:13] for line in lines}
            assert hours == {f"{where[1]}T{where[2]}"}

    def test_are_summed_up(
        self, summary: HistorySummary, folder: Path, records: list[dict[str, Any]]
    ) -> None:
        purchases = {r["purchase_id"] for r in records if r["type"] == "purchase"}
        assert summary == HistorySummary(
            sessions=400,
            events=len(records),
            purchases=len(purchases),
            files=len([*folder.rglob("*.gz")]),
        )

    def test_are_the_same_bytes_for_the_same_seed(
        self, rows: list[dict[str, Any]], summary: HistorySummary, folder: Path, tmp_path: Path
    ) -> None:
        write_history(reversed(rows), CONFIG, tmp_path)
        assert {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.gz")} == {
            p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.gz")
        }


def test_without_products_there_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(ShelfEmptyError):
        write_history([], CONFIG, tmp_path)
