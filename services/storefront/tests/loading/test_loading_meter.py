"""What is shown while an import runs."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from storefront.loading.load import ImportProgress
from storefront.loading.meter import ImportMeter

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIZE = 1_000


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class SteppingClock:
    """Goes on by some seconds whenever it is asked."""

    def __init__(self, seconds: float) -> None:
        self._step = timedelta(seconds=seconds)
        self._now = NOON

    def __call__(self) -> datetime:
        self._now += self._step
        return self._now


def shown(file: StringIO, *, seconds: float) -> str:
    with ImportMeter("styles.csv", SIZE, file=file, clock=SteppingClock(seconds)) as meter:
        for part in range(1, 5):
            meter(ImportProgress(part * 2_000, part * SIZE // 4, SIZE))
    return file.getvalue()


def test_a_terminal_shows_a_bar_with_speed_and_time_left() -> None:
    text = shown(Terminal(), seconds=2)
    assert "25%  2,000 rows, 1,000 rows/s, 0:00:06 left" in text
    assert "100%  8,000 rows, 1,000 rows/s, 0:00:00 left" in text
    assert text.endswith("\n")


@pytest.mark.parametrize(("seconds", "lines"), [(1, 0), (5, 2), (10, 4)])
def test_elsewhere_there_is_a_line_now_and_then(seconds: float, lines: int) -> None:
    text = shown(StringIO(), seconds=seconds)
    assert text.count("\n") == lines
    assert "\r" not in text
    assert text.startswith("styles.csv: ") or not lines


def test_the_end_of_a_broken_import_leaves_the_line() -> None:
    file = Terminal()
    meter = ImportMeter("styles.csv", SIZE, file=file, clock=SteppingClock(1))
    with pytest.raises(ConnectionError), meter:
        raise ConnectionError
    assert file.getvalue().endswith("\n")
