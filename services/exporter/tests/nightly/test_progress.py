"""Progress tells rows, their pace and the time left, on a terminal and in the log."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console
from structlog.testing import CapturingLogger

from exporter.nightly import progress
from exporter.nightly.progress import Pace, PaceLog, Progress
from exporter.nightly.terminal import display

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def clock_of(*seconds: float) -> Callable[[], datetime]:
    instants = iter(seconds)
    return lambda: NOW + timedelta(seconds=next(instants))


def test_pace_and_time_left_follow_from_the_rows_so_far() -> None:
    paces: list[Pace] = []
    counted = Progress(lambda _: 1_000, clock=clock_of(0, 2, 4), tell=paces.append)

    for rows in (0, 400, 400):
        counted.advance("purchases", rows)

    assert [str(pace) for pace in paces] == [
        "purchases: 0 of 1,000 rows, 0 rows/s",
        "purchases: 400 of 1,000 rows, 200 rows/s, 3 s left",
        "purchases: 800 of 1,000 rows, 200 rows/s, 1 s left",
    ]


def test_without_a_total_no_time_left_is_told() -> None:
    paces: list[Pace] = []
    counted = Progress(lambda _: None, clock=clock_of(0, 1), tell=paces.append)

    counted.advance("events", 0)
    counted.advance("events", 7)

    assert str(paces[-1]) == "events: 7 rows, 7 rows/s"


def test_tables_that_come_together_are_counted_apart() -> None:
    paces: list[Pace] = []
    counted = Progress(lambda _: None, clock=clock_of(0, 0, 1, 1), tell=paces.append)

    for table, rows in (("purchases", 1), ("purchase_lines", 3)) * 2:
        counted.advance(table, rows)

    assert [pace.rows for pace in paces] == [1, 3, 2, 6]


def test_the_log_has_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(progress, "log", log)

    counted = Progress(lambda _: 100, clock=clock_of(0, 4, 5, 9, 10), tell=PaceLog())
    for _ in range(5):
        counted.advance("users", 10)

    assert [
        (call.args, call.kwargs["rows"], call.kwargs["seconds_left"]) for call in log.calls
    ] == [
        (("rows_staged",), 10, None),
        (("rows_staged",), 30, 12),
        (("rows_staged",), 50, 10),
    ]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_shows_day_step_and_rows(is_terminal: bool) -> None:
    console = Console(file=StringIO(), force_terminal=is_terminal, width=160)

    with display(console) as shown:
        for _ in shown.each([date(2026, 11, 22)]):
            shown.on_step("stage users")
            shown.on_pace(Pace("users", 5, 10, timedelta(seconds=1), NOW))

    file = console.file
    assert isinstance(file, StringIO)
    written = file.getvalue()
    assert ("2026-11-22: stage users" in written) is is_terminal
    assert ("users: 5 of 10 rows, 5 rows/s, 1 s left" in written) is is_terminal
