"""Values that are read anew from time to time."""

from datetime import timedelta

from recommender.errors import StoreUnavailableError
from recommender.refreshing import Refreshing

EVERY = timedelta(seconds=30)


class Time:
    """A timer that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_value_is_read_when_it_is_due_and_not_before() -> None:
    time = Time()
    value = Refreshing("value", lambda number: number + 1, 0, every=EVERY, timer=time)

    value.refresh_if_due()
    time.seconds += EVERY.total_seconds() / 2
    value.refresh_if_due()
    assert value.value == 1

    time.seconds += EVERY.total_seconds() / 2
    value.refresh_if_due()
    assert value.value == 2


def test_a_failed_reading_keeps_the_last_value_and_waits_its_turn() -> None:
    time = Time()
    readings = 0

    def fail(_: int) -> int:
        nonlocal readings
        readings += 1
        raise StoreUnavailableError("read it", "Timeout")

    value = Refreshing("value", fail, 7, every=EVERY, timer=time)
    value.refresh_if_due()
    value.refresh_if_due()

    assert (value.value, readings) == (7, 1)
