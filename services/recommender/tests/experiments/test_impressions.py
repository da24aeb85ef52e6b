"""What follows from an answer: the SQL says what a plain reading of the events says."""

import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_contracts.events import EventType, Interaction
from recommender.experiments.repository import ImpressionsRepository
from recommender.experiments.schemas import Impression, Outcome

BEGIN = datetime(2026, 5, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=60)
OUTCOMES = {
    EventType.LIST_CLICK: Outcome.CLICK,
    EventType.PRODUCT_VIEW: Outcome.CLICK,
    EventType.ADD_TO_CART: Outcome.CART,
    EventType.PURCHASE: Outcome.PURCHASE,
}
ANSWERS = ("1.decay.t", "2.decay.c", "3.other.t", None)
_numbers = count()
Key = tuple[str, str]
"""Who saw which answer."""


def event(
    type_: EventType,
    minute: int,
    answer: str | None = None,
    product_id: int | None = 1,
    **more: Any,
) -> Interaction:
    at = BEGIN + timedelta(minutes=minute)
    told = {
        "event_id": f"event-{next(_numbers)}",
        "type": type_,
        "user_id": "shopper",
        "session_id": "s",
        "product_id": product_id,
        "recommendation_id": answer,
        "event_time": at,
        "received_at": at,
    }
    return Interaction.model_validate(told | more)


def shown(minute: int, answer: str, **more: Any) -> Interaction:
    return event(EventType.LIST_VIEW, minute, answer, None, **more)


def read(lines: Iterable[bytes], *, since: datetime = BEGIN) -> list[Impression]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "1.gz"
        file.write_bytes(gzip.compress(b"".join(lines)))
        repository = ImpressionsRepository([file], attribution_window=WINDOW)
        return list(repository.read("decay", since=since))


def outcomes(*events: Interaction) -> dict[str, set[Outcome]]:
    read_back = read(e.to_record() for e in events)
    return {impression.recommendation_id: set(impression.outcomes) for impression in read_back}


class PlainReading:
    """The same as the SQL, event by event."""

    def __init__(self, events: Sequence[Interaction]) -> None:
        self.times: dict[str, datetime] = {}
        for e in events:
            earlier = min(e.event_time, e.received_at)
            self.times[e.event_id] = min(self.times.get(e.event_id, earlier), earlier)
        self.events = list({e.event_id: e for e in events}.values())
        self.began: dict[Key, datetime] = {}
        for e in self.events:
            key = key_of(e)
            if e.type is EventType.LIST_VIEW and key[1].split(".")[1:2] == ["decay"]:
                self.began[key] = min(self.began.get(key, self.at(e)), self.at(e))

    def at(self, e: Interaction) -> datetime:
        return self.times[e.event_id]

    def in_time(self, e: Interaction, key: Key) -> bool:
        return key in self.began and self.began[key] <= self.at(e) <= self.began[key] + WINDOW

    def impressions(self) -> list[Impression]:
        found: dict[Key, set[Outcome]] = {key: set() for key in self.began}
        places: dict[Key, set[int]] = {key: set() for key in self.began}
        acts = [e for e in self.events if e.type in OUTCOMES]
        carried = [e for e in acts if self.in_time(e, key_of(e))]
        clicks = [e for e in carried if OUTCOMES[e.type] is Outcome.CLICK]
        for e in carried:
            found[key_of(e)].add(OUTCOMES[e.type])
        for e in clicks:
            places[key_of(e)] |= {e.list.position} if e.list else set()
        for e in acts:
            before = self.clicks_before(e, clicks)
            if OUTCOMES[e.type] is not Outcome.CLICK and not e.recommendation_id and before:
                latest = max(before, key=lambda click: (self.at(click), click.event_id))
                found[key_of(latest)].add(OUTCOMES[e.type])
        return [
            Impression(*key, tuple(sorted(places[key])), frozenset(found[key]))
            for key in sorted(found)
        ]

    def clicks_before(self, e: Interaction, clicks: Sequence[Interaction]) -> list[Interaction]:
        return [
            click
            for click in clicks
            if (click.shopper_id, click.product_id) == (e.shopper_id, e.product_id)
            and self.at(click) <= self.at(e)
            and self.in_time(e, key_of(click))
        ]


def key_of(e: Interaction) -> Key:
    return e.shopper_id, e.recommendation_id or ""


@st.composite
def events(draw: st.DrawFn) -> Interaction:
    type_ = draw(st.sampled_from((*OUTCOMES, EventType.LIST_VIEW)))
    place = draw(st.none() | st.integers(0, 3))
    guest = draw(st.sampled_from((False, False, True)))
    minute = draw(st.integers(0, 90))
    carries_none = type_ is EventType.PURCHASE and draw(st.booleans())
    return event(
        type_,
        minute,
        None if carries_none else draw(st.sampled_from(ANSWERS)),
        None if type_ is EventType.LIST_VIEW else draw(st.integers(1, 2)),
        user_id=None if guest else "user",
        anonymous_id="anon-1",
        list=None if place is None else {"id": "for-you", "position": place},
        received_at=BEGIN + timedelta(minutes=minute + draw(st.integers(-5, 5))),
    )


@st.composite
def visits(draw: st.DrawFn) -> list[Interaction]:
    """Return acts after picks that were shown, and before, and of others."""
    began = [
        shown(draw(st.integers(0, 30)), answer, user_id="user")
        for answer in ("1.decay.t", "2.decay.c")
    ]
    return began + draw(st.lists(events(), min_size=5, max_size=30))


@settings(max_examples=100)
@given(visits(), st.data())
def test_impressions_are_those_of_a_plain_reading(told: list[Interaction], data: Any) -> None:
    again = data.draw(st.lists(st.sampled_from(told), max_size=5))
    delivered = data.draw(st.permutations([*told, *again]))

    assert read(e.to_record() for e in delivered) == PlainReading(told).impressions()


class TestAttribution:
    def test_a_click_that_carries_the_answers_id_is_its_own(self) -> None:
        clicked = event(EventType.LIST_CLICK, 1, "1.decay.t")

        assert outcomes(shown(0, "1.decay.t"), clicked) == {"1.decay.t": {Outcome.CLICK}}

    def test_an_answer_that_nobody_saw_counts_nothing(self) -> None:
        assert outcomes(event(EventType.LIST_CLICK, 1, "1.decay.t")) == {}

    def test_an_answer_shown_twice_is_one_impression(self) -> None:
        assert outcomes(shown(0, "1.decay.t"), shown(9, "1.decay.t")) == {"1.decay.t": set()}

    def test_a_purchase_follows_from_the_latest_click_on_the_product(self) -> None:
        told = [
            shown(0, "1.decay.t"),
            event(EventType.LIST_CLICK, 1, "1.decay.t"),
            shown(2, "2.decay.t"),
            event(EventType.LIST_CLICK, 3, "2.decay.t"),
            event(EventType.PURCHASE, 4),
        ]

        assert outcomes(*told) == {
            "1.decay.t": {Outcome.CLICK},
            "2.decay.t": {Outcome.CLICK, Outcome.PURCHASE},
        }

    def test_a_purchase_of_what_was_not_clicked_follows_from_nothing(self) -> None:
        told = [
            shown(0, "1.decay.t"),
            event(EventType.LIST_CLICK, 1, "1.decay.t", 1),
            event(EventType.PURCHASE, 2, None, 2),
            event(EventType.PURCHASE, 3, None, 1, user_id="somebody-else"),
        ]

        assert outcomes(*told) == {"1.decay.t": {Outcome.CLICK}}

    def test_what_comes_after_the_window_follows_from_nothing(self) -> None:
        told = [
            shown(0, "1.decay.t"),
            event(EventType.LIST_CLICK, 60, "1.decay.t"),
            event(EventType.ADD_TO_CART, 61),
            event(EventType.LIST_CLICK, 61, "1.decay.t"),
        ]

        assert outcomes(*told) == {"1.decay.t": {Outcome.CLICK}}

    def test_a_line_that_is_no_event_is_passed_over(self) -> None:
        lines = [b"no event\n", shown(0, "1.decay.t").to_record(), b'{"type": 7}\n']

        assert read(lines) == [Impression("shopper", "1.decay.t")]

    def test_what_was_before_the_days_asked_for_is_left_out(self) -> None:
        lines = [shown(0, "1.decay.t").to_record(), shown(5, "2.decay.t").to_record()]

        assert [i.recommendation_id for i in read(lines, since=BEGIN + timedelta(minutes=1))] == [
            "2.decay.t"
        ]


def test_without_files_there_are_no_impressions() -> None:
    repository = ImpressionsRepository([], attribution_window=WINDOW)

    assert list(repository.read("decay", since=BEGIN)) == []
