"""What a record says is believed as far as the stream's own clock bears it out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fashion_contracts.events import Interaction
from fashion_contracts.picks import Shopper
from recommender.interactions.fold import fold
from recommender.interactions.records import StreamRecord, decode

ARRIVED = datetime(2026, 5, 1, 12, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)
A_SECOND = timedelta(seconds=1)

MakeEvent = Callable[..., Interaction]


def events_in(*records: tuple[Interaction, datetime | None]) -> list[Interaction]:
    stream = [
        StreamRecord(str(number), event.to_record(), arrived_at)
        for number, (event, arrived_at) in enumerate(records, start=1)
    ]
    by_shopper, failed = decode(stream)
    assert failed == []
    return [arrival.event for arrivals in by_shopper.values() for arrival in arrivals]


def test_a_server_whose_clock_was_ahead_puts_no_act_before_those_that_follow(
    event: MakeEvent,
) -> None:
    ahead = event(1, at=ARRIVED + TEN_MINUTES)
    honest = event(2, at=ARRIVED + A_SECOND)

    told = events_in((ahead, ARRIVED), (honest, ARRIVED + 2 * A_SECOND))

    assert [act.product_id for act in fold(Shopper("u"), told).history] == [1, 2]


def test_what_arrived_after_it_was_received_keeps_its_time(event: MakeEvent) -> None:
    sent = event(1, at=ARRIVED - A_SECOND)

    assert events_in((sent, ARRIVED), (sent, None)) == [sent, sent]
