"""Events in the words of others: each example of the docs is taken for what it says."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from services.storefront.tests.conftest import Shopper, StreamReader
from services.storefront.tests.events.conftest import DIALECTS

from fashion_kit.tokens import Identity
from storefront.events.dialects import canonical, events_of

pytestmark = pytest.mark.servers

EXAMPLES = sorted(DIALECTS.glob("*.json"))
DOCS = Path(__file__).parents[4] / "docs/events.md"
WORKSHOP = {
    "user_id": 42,
    "timestamp": "2026-03-01T12:00:00",
    "event_type": "product_view",
    "product_id": 7,
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    (
        *("event_type", "user_id", "timestamp", "product_id", "eventType", "itemId", "sentAt"),
        *("properties", "userId", "name", "params", "client_id", "timestamp_micros", "e", "duid"),
        *("sid", "dtm", "se_ac", "se_la", "ue_pr", "ue_px", "co", "cx", "consent", "eid"),
    )
)


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda path: path.stem)
class TestExamples:
    def test_it_is_taken_for_what_it_says(
        self, client: httpx.Client, stream: StreamReader, case: Path
    ) -> None:
        sample = json.loads(case.read_text())
        answer = client.post("/events", json=sample["body"])
        assert answer.json()["rejected"] == 0, answer.text
        found = [json.loads(event.to_record()) for event in stream.read()]
        assert len(found) == len(sample["events"])
        for event, expected in zip(found, sample["events"], strict=True):
            assert {name: event.get(name) for name in expected} == expected

    def test_it_is_in_the_docs(self, case: Path) -> None:
        blocks = re.findall(r"^```json\n(.*?)^```$", DOCS.read_text(), re.M | re.S)
        assert json.loads(case.read_text())["body"] in [json.loads(block) for block in blocks]


class TestWhoseTheyAre:
    def test_without_a_token_a_user_of_elsewhere_is_a_stranger_with_a_steady_id(self) -> None:
        assert canonical(WORKSHOP, None)["anonymous_id"] == "anon-00000042"
        assert "user_id" not in canonical(WORKSHOP, None)

    def test_with_a_token_the_token_says_it(self, shopper: Shopper, stream: StreamReader) -> None:
        assert shopper.client.post("/events", json=WORKSHOP).json()["accepted"] == 1
        (event,) = stream.read()
        assert (event.user_id, event.anonymous_id) == (shopper.id, None)

    @given(user=st.text(min_size=1, max_size=80) | st.integers())
    def test_any_user_id_becomes_an_id_that_no_user_has(self, user: str | int) -> None:
        shopper = canonical(WORKSHOP | {"user_id": user}, None)["anonymous_id"]
        assert re.fullmatch(r"anon-[A-Za-z0-9-]{8,58}", shopper)


class TestEventIds:
    def test_an_event_sent_again_is_the_same_event(self) -> None:
        again = dict(reversed(WORKSHOP.items()))
        assert canonical(WORKSHOP, None)["event_id"] == canonical(again, None)["event_id"]

    @pytest.mark.parametrize("change", [{"product_id": 8}, {"timestamp": "2026-03-01T12:00:01"}])
    def test_another_event_is_another(self, change: dict[str, Any]) -> None:
        ids = {canonical(event, None)["event_id"] for event in (WORKSHOP, WORKSHOP | change)}
        assert len(ids) == 2

    def test_the_same_event_of_two_bearers_is_two(self) -> None:
        ids = {canonical(WORKSHOP, Identity(user))["event_id"] for user in ("u-1", "u-2")}
        assert len(ids) == 2

    def test_ours_needs_its_own(self, client: httpx.Client) -> None:
        event = {"type": "page_view", "session_id": "s-1", "event_time": "2026-03-01T12:00:00Z"}
        verdict = client.post("/events", json=[event]).json()["verdicts"][0]
        assert verdict["reason"] == "event_id: Field required"


class TestWhateverComes:
    @given(raw=st.dictionaries(MEMBERS | st.text(max_size=9), JSON))
    @example(raw={"e": "se", "se_ac": [], "se_la": {}})
    @example(raw={"name": [], "params": {"items": [[]], "item_list_id": {}}})
    @example(raw={"event_type": {}, "timestamp": float("inf"), "user_id": []})
    @example(raw={"eventType": "View", "sentAt": 10**400, "properties": "["})
    def test_it_is_translated_or_left(self, raw: dict[str, Any]) -> None:
        event = canonical(raw, None)
        assert event == raw or "event_id" in event

    @given(batch=JSON)
    def test_it_is_a_batch_or_it_is_none(self, batch: Any) -> None:
        assert isinstance(events_of(batch), list | None)

    @pytest.mark.parametrize("packed", ["!", "e30", "W10", "/w"])
    def test_what_cannot_be_unpacked_is_rejected(self, client: httpx.Client, packed: str) -> None:
        body = {
            "e": "ue",
            "ue_px": packed,
            "cx": packed,
            "duid": "12345678",
            "dtm": "1772366400000",
        }
        assert client.post("/events", json=body).json()["rejected"] == 1
