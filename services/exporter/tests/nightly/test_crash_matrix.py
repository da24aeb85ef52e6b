"""A load dies before each kind of I/O it does: the next one finishes, and no reader sees half.

Run as a script, it loads a day and kills itself there: that is how the real kills are made.
"""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest
from botocore.client import BaseClient
from pyiceberg.io.pyarrow import PyArrowFile
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

from exporter.bootstrap import open_daily_load, open_ledger
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import TABLES
from fashion_contracts.landing import hour_prefix
from fashion_kit.aws import client
from storefront.models import Product, Purchase

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
KINDS = [
    "MySQL statement",
    "S3 ListObjectsV2",
    "S3 GetObject",
    "S3 PutObject",
    "Glue GetTable",
    "Glue UpdateTable",
    "file read",
    "file write",
]
WRITING = {"S3 PutObject", "Glue UpdateTable", "file write"}
CHANGING = ("purchases", "purchase_lines", "products", "events")

Load = Callable[..., LoadReport]
Everything = dict[str, list[dict[str, Any]]]
Steps = Counter[str]
Answer = TypeVar("Answer")


class PowerCutError(BaseException):
    """Ends a load as nothing that it may catch does."""


@contextmanager
def watched(before: Callable[[str], None]) -> Iterator[None]:
    """Call `before` with the kind of each I/O step before it is taken."""

    def at_statement(*_: Any) -> None:
        before("MySQL statement")

    def of_client(self: BaseClient, name: str, arguments: Any) -> Any:
        service = self.meta.service_model.service_id
        before(f"{service} {name}")
        return call(self, name, arguments)

    def of_file(kind: str, do: Callable[..., Answer]) -> Callable[..., Answer]:
        def done(*arguments: Any, **named: Any) -> Answer:
            before(kind)
            return do(*arguments, **named)

        return done

    call = BaseClient._make_api_call  # type: ignore[attr-defined]
    event.listen(Engine, "before_cursor_execute", at_statement)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", of_client)
            patch.setattr(PyArrowFile, "open", of_file("file read", PyArrowFile.open))
            patch.setattr(PyArrowFile, "create", of_file("file write", PyArrowFile.create))
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", at_statement)


@contextmanager
def ending(kind: str, number: int, end: Callable[[], None]) -> Iterator[Steps]:
    """End the load before its step of that kind and number, from 1; yield the steps taken."""
    steps: Steps = Counter()

    def before(reached: str) -> None:
        steps[reached] += 1
        if (reached, steps[reached]) == (kind, number):
            end()

    with watched(before):
        yield steps


def cut_the_power() -> None:
    raise PowerCutError


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Shop:
    """A day that is one way or the other, in every table, at will."""

    def __init__(
        self, session: Session, purchases: list[str], zones: list[ExporterSettings]
    ) -> None:
        self._session = session
        self._purchases = purchases
        self._zones = zones

    def turn(self, is_late: bool, line: str) -> None:
        """Let the day have one more purchase, another event, other states and stocks; or not."""
        moved = NOON if is_late else NOON + timedelta(days=9)
        first, second = self._purchases
        for statement in (
            update(Purchase)
            .where(Purchase.id == first)
            .values(status="paid" if is_late else "placed"),
            update(Purchase).where(Purchase.id == second).values(purchased_at=moved),
            update(Product).values(stock=4 if is_late else 5),
        ):
            self._session.execute(statement)
        self._session.commit()
        key = f"{hour_prefix(NOON)}clickstream-late.gz"
        for zones in self._zones:
            body = gzip.compress(line.encode())
            client("s3").put_object(Bucket=zones.landing_bucket, Key=key, Body=body)


@pytest.fixture
def read(
    rows: Callable[..., list[dict[str, Any]]],
) -> Callable[[ExporterSettings], Everything]:
    return lambda zones: {table.name: rows(zones, table) for table in TABLES}


@pytest.fixture
def undisturbed(new_zones: Callable[..., ExporterSettings]) -> ExporterSettings:
    """Return zones in which nothing goes wrong."""
    return new_zones()


@pytest.fixture
def turn(
    shop: Session,
    buy: Callable[..., str],
    event: Callable[..., dict[str, Any]],
    deliver: Callable[..., str],
    zones: ExporterSettings,
    undisturbed: ExporterSettings,
) -> Callable[[bool], None]:
    """Return a function that makes the day one way or the other."""
    bought = [buy(NOON, "1.00", "2.00"), buy(NOON, "3.00")]
    both = [zones, undisturbed]
    for each in both:
        deliver(each, NOON, event("e1", NOON), "no json")
    day = Shop(shop, bought, both)
    lines = {is_late: event("e2", NOON, product_id=1 + is_late) for is_late in (True, False)}
    return lambda is_late: day.turn(is_late, json.dumps(lines[is_late]))


def test_a_load_that_dies_before_any_step_is_finished_by_the_next(
    zones: ExporterSettings,
    undisturbed: ExporterSettings,
    load: Load,
    read: Callable[[ExporterSettings], Everything],
    turn: Callable[[bool], None],
) -> None:
    clean: dict[bool, Everything] = {}
    steps: Steps = Counter()
    for is_late in (True, False):
        turn(is_late)
        with ending("", 0, cut_the_power) as taken:
            load(undisturbed, DAY)
            steps = taken
        clean[is_late] = read(undisturbed)
    load(zones, DAY)
    assert set(KINDS) <= set(steps)
    assert all(clean[True][table] != clean[False][table] for table in CHANGING)

    is_late = False
    for kind, number in spread(steps):
        is_late = not is_late
        turn(is_late)
        with ending(kind, number, cut_the_power), pytest.raises(PowerCutError):
            load(zones, DAY)
        # Whoever reads now finds each table as it was or as it is to be, never in between.
        for table, found in read(zones).items():
            assert found in (clean[True][table], clean[False][table]), (kind, number, table)
        load(zones, DAY)
        assert read(zones) == clean[is_late], (kind, number)


@pytest.mark.parametrize(
    ("kind", "number"), [("file write", 3), ("Glue UpdateTable", 3), ("S3 PutObject", 3)]
)
def test_a_load_that_is_killed_is_finished_by_the_next(
    kind: str,
    number: int,
    told: ExporterSettings,
    undisturbed: ExporterSettings,
    load: Load,
    read: Callable[[ExporterSettings], Everything],
    turn: Callable[[bool], None],
) -> None:
    turn(True)
    load(undisturbed, DAY)
    command = [sys.executable, __file__, kind, str(number)]

    killed = subprocess.run(command, check=False, timeout=60, capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr[-500:]
    assert open_ledger(told).loaded_days() == []
    load(told, DAY)
    assert read(told) == read(undisturbed)


def spread(steps: Steps) -> Iterator[tuple[str, int]]:
    """Yield a step of each kind in the middle, and of what writes the first and last one too."""
    for kind in KINDS:
        ends = {1, steps[kind]} if kind in WRITING else set()
        for number in sorted({(steps[kind] + 1) // 2} | ends):
            yield kind, number


if __name__ == "__main__":
    with (
        ending(sys.argv[1], int(sys.argv[2]), kill),
        open_daily_load(ExporterSettings(), clock=lambda: datetime(2030, 1, 1, tzinfo=UTC)) as own,
    ):
        own.run(DAY)
