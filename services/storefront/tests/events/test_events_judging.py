"""The judgement: when an event truly happened, and what is left of it without consent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.storefront.tests.conftest import Shopper, StreamReader
from services.storefront.tests.events.conftest import VIEW, BadEvents

from fashion_contracts.events import Interaction
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity
from storefront.events.judging import (
    IDENTIFYING_FIELDS,
    Judge,
    RejectedEvent,
    refuses_consent,
    true_time,
)

pytestmark = pytest.mark.servers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOLERANCE = timedelta(seconds=2)
JUDGE = Judge(TOLERANCE, new_id)

ages = st.timedeltas(timedelta(0), timedelta(days=30))
skews = st.timedeltas(timedelta(days=-400), timedelta(days=400))


def judged(**fields: Any) -> Interaction:
    return JUDGE.judge(VIEW | fields, None, NOW)


class TestTrueTime:
    @given(age=ages, skew=skews, way=st.timedeltas(timedelta(0), TOLERANCE))
    def test_a_wrong_clock_costs_no_more_than_the_way_and_the_tolerance(
        self, age: timedelta, skew: timedelta, way: timedelta
    ) -> None:
        happened_at = NOW - way - age
        sent_at = NOW - way + skew
        found = true_time(happened_at + skew, sent_at, NOW, TOLERANCE)
        assert abs(found - happened_at) <= TOLERANCE + way

    @given(age=ages, way=st.timedeltas(timedelta(0), TOLERANCE))
    def test_an_event_that_waited_behind_a_right_clock_keeps_its_time(
        self, age: timedelta, way: timedelta
    ) -> None:
        sent_at = NOW - way
        assert true_time(sent_at - age, sent_at, NOW, TOLERANCE) == sent_at - age

    @given(event_time=skews, sent_at=st.none() | skews)
    def test_nothing_happens_after_we_heard_of_it(
        self, event_time: timedelta, sent_at: timedelta | None
    ) -> None:
        sent = None if sent_at is None else NOW + sent_at
        assert true_time(NOW + event_time, sent, NOW, TOLERANCE) <= NOW

    @given(skew=skews, gaps=st.lists(ages, min_size=2, max_size=5))
    def test_a_batch_keeps_its_order(self, skew: timedelta, gaps: list[timedelta]) -> None:
        sent_at = NOW + skew
        times = [true_time(sent_at - gap, sent_at, NOW, TOLERANCE) for gap in sorted(gaps)]
        assert times == sorted(times, reverse=True)


class TestTimes:
    def test_a_right_clock_is_left_alone(self) -> None:
        event = judged(event_time="2026-03-01T11:00:00Z", sent_at="2026-03-01T11:59:58Z")
        assert (event.event_time, event.client_time) == (NOW - timedelta(hours=1), None)

    def test_a_wrong_one_is_corrected_and_remembered(self) -> None:
        event = judged(event_time="2020-01-01T00:00:00Z", sent_at="2020-01-01T00:00:10Z")
        assert event.event_time == NOW - timedelta(seconds=10)
        assert event.client_time == datetime(2020, 1, 1, tzinfo=UTC)

    def test_the_future_becomes_the_present(self) -> None:
        event = judged(event_time="2026-03-01T12:00:05Z")
        assert (event.event_time, event.client_time) == (NOW, NOW + timedelta(seconds=5))

    def test_a_time_that_no_calendar_has_is_rejected(self) -> None:
        with pytest.raises(RejectedEvent, match="sent_at: is ages away"):
            judged(event_time="0001-01-02T00:00:00Z", sent_at="9999-01-01T00:00:00Z")

    def test_the_correction_reaches_the_stream(
        self, client: httpx.Client, stream: StreamReader
    ) -> None:
        times = {"event_time": "2020-01-01T00:00:00Z", "sent_at": "2020-01-01T00:00:10Z"}
        client.post("/events", json=[VIEW | times])
        (event,) = stream.read()
        assert event.received_at - event.event_time == timedelta(seconds=10)
        assert event.client_time == datetime(2020, 1, 1, tzinfo=UTC)


class TestConsent:
    FULL = VIEW | {
        "consent": False,
        "page": {"url": "https://shop.example/products/7"},
        "context": {"user_agent": "Mozilla/5.0"},
        "recommendation_id": "r-1",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "quantity": 1,
    }

    def test_without_it_an_event_is_nobodys(self, shopper: Shopper, stream: StreamReader) -> None:
        posted = shopper.client.post("/events", json=[self.FULL, self.FULL | {"event_id": "e-2"}])
        assert posted.json()["accepted"] == 2
        found = stream.read()
        ids = {event.anonymous_id for event in found} | {event.session_id for event in found}
        assert len(ids) == 4
        assert ids.isdisjoint({shopper.id, VIEW["anonymous_id"], VIEW["session_id"]})
        for event in found:
            left = event.model_dump(exclude_none=True)
            assert left.keys() & IDENTIFYING_FIELDS == {"anonymous_id", "session_id"}
            assert (event.consent, event.product_id, event.quantity) == (False, 7, 1)

    def test_a_rejected_one_is_kept_as_nobodys_too(
        self, shopper: Shopper, bad_events: BadEvents
    ) -> None:
        shopper.client.post("/events", json=[self.FULL | {"product_id": 0}])
        (kept,) = bad_events()
        assert kept["owner"] is None
        assert kept["raw"].keys() & IDENTIFYING_FIELDS == set()

    @pytest.mark.parametrize("no", [False, 0, "false", "no", "off", "perhaps", {}, []])
    def test_whatever_is_not_yes_is_no(self, no: object) -> None:
        assert refuses_consent({"consent": no})

    @pytest.mark.parametrize("yes", [True, 1, "true", "yes", None])
    def test_yes_is_yes_and_silence_is_as_it_was(self, yes: object) -> None:
        assert not refuses_consent({"consent": yes})
        event = JUDGE.judge(self.FULL | {"consent": yes}, Identity("u-1"), NOW)
        assert (event.user_id, event.session_id) == ("u-1", "s-1")
