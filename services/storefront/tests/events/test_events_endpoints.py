"""POST /events: a verdict on each, and 202 once the good are on the stream and the bad kept."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.storefront.tests.conftest import InProcess, Shopper, StreamReader
from services.storefront.tests.events.conftest import VIEW, BadEvents, BearerOf

from fashion_contracts.events import SERVER_TYPES, EventType
from fashion_contracts.landing import bad_events_prefix
from fashion_kit import aws as kit_aws
from fashion_kit.batcher import Batcher, BatchLimits, Refused
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity
from infra.local.resources import Resources
from storefront.events.judging import Judge
from storefront.events.publisher import BadEventStore
from storefront.events.service import EventService
from storefront.stream import StreamRecord

pytestmark = pytest.mark.servers


def post(client: httpx.Client, *events: Any) -> httpx.Response:
    return client.post("/events", json={"events": list(events)})


class TestGoodEvents:
    def test_an_accepted_event_is_on_the_stream(
        self, client: httpx.Client, stream: StreamReader
    ) -> None:
        before = utc_now()
        answer = post(client, VIEW | {"price": "9.90", "currency": "INR"})
        assert answer.status_code == 202
        assert answer.json() == {
            "accepted": 1,
            "rejected": 0,
            "verdicts": [{"index": 0, "event_id": "e-1", "status": "accepted"}],
        }
        (event,) = stream.read()
        assert (event.shopper_id, event.product_id, str(event.price)) == (
            "anon-12345678",
            7,
            "9.90",
        )
        assert before <= event.received_at <= utc_now()

    def test_names_of_elsewhere_become_ours(
        self, client: httpx.Client, stream: StreamReader
    ) -> None:
        post(client, VIEW | {"type": "view_item"})
        assert [event.type for event in stream.read()] == [EventType.PRODUCT_VIEW]

    def test_a_product_that_nobody_knows_is_accepted(self, client: httpx.Client) -> None:
        assert post(client, VIEW | {"product_id": 4_000_000_000}).json()["accepted"] == 1

    def test_500_events_arrive_in_their_order(
        self, client: httpx.Client, stream: StreamReader
    ) -> None:
        events = [VIEW | {"event_id": f"e-{number}"} for number in range(500)]
        assert post(client, *events).json()["accepted"] == 500
        assert [event.event_id for event in stream.read()] == [
            event["event_id"] for event in events
        ]

    def test_many_clients_at_once_lose_nothing(
        self, client: httpx.Client, stream: StreamReader
    ) -> None:
        ids = [f"e-{number}" for number in range(200)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: post(client, VIEW | {"event_id": one}), ids))
        assert {answer.status_code for answer in answers} == {202}
        assert sorted(event.event_id for event in stream.read()) == sorted(ids)

    def test_another_spelling_of_the_path_leads_to_the_same(self, client: httpx.Client) -> None:
        answer = client.post("/events/", json={"events": [VIEW]}, follow_redirects=True)
        assert answer.status_code == 202


class TestWhoseTheyAre:
    def test_a_bearers_events_are_the_users(self, shopper: Shopper, stream: StreamReader) -> None:
        nobodys = {name: value for name, value in VIEW.items() if name != "anonymous_id"}
        answer = post(shopper.client, nobodys, VIEW, VIEW | {"user_id": shopper.id})
        assert answer.json()["accepted"] == 3
        assert {event.shopper_id for event in stream.read()} == {shopper.id}

    def test_a_bearer_cannot_speak_for_another(
        self, shopper: Shopper, stream: StreamReader
    ) -> None:
        answer = post(shopper.client, VIEW | {"user_id": "somebody-else"})
        assert answer.json()["verdicts"][0]["reason"] == "user_id: is not the bearer's"
        assert stream.read() == []

    def test_a_stranger_cannot_speak_for_a_user(
        self, client: httpx.Client, shopper: Shopper, stream: StreamReader
    ) -> None:
        answer = post(client, VIEW | {"user_id": shopper.id})
        assert answer.json()["rejected"] == 1
        assert stream.read() == []

    @pytest.mark.parametrize(
        "anonymous_id",
        ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "anon-short", "ANON-12345678", "anon-1234567\n8", "", 7],
    )
    def test_an_anonymous_id_cannot_be_taken_for_a_users(
        self, client: httpx.Client, stream: StreamReader, anonymous_id: object
    ) -> None:
        answer = post(client, VIEW | {"anonymous_id": anonymous_id})
        assert answer.json()["rejected"] == 1
        assert stream.read() == []

    def test_an_event_of_nobody_is_rejected(self, client: httpx.Client) -> None:
        nobodys = {name: value for name, value in VIEW.items() if name != "anonymous_id"}
        verdict = post(client, nobodys).json()["verdicts"][0]
        assert verdict["reason"] == "an event needs a user_id or an anonymous_id"

    def test_a_guests_events_are_the_signed_ids(
        self, client: httpx.Client, bearer_of: BearerOf, stream: StreamReader
    ) -> None:
        nobodys = {name: value for name, value in VIEW.items() if name != "anonymous_id"}
        guest = bearer_of("anon-01arz3ndektsv4rrffq69g5fav", "anonymous")
        events = [nobodys, nobodys | {"anonymous_id": "anon-01arz3ndektsv4rrffq69g5fav"}, VIEW]
        verdicts = client.post("/events", json={"events": events}, headers=guest).json()["verdicts"]
        assert verdicts[2]["reason"] == "anonymous_id: is not the bearer's"
        found = stream.read()
        assert len(found) == 2
        assert {event.shopper_id for event in found} == {"anon-01arz3ndektsv4rrffq69g5fav"}
        assert {event.user_id for event in found} == {None}

    def test_a_guest_cannot_speak_for_a_user(
        self, client: httpx.Client, bearer_of: BearerOf, shopper: Shopper
    ) -> None:
        guest = bearer_of("anon-12345678", "anonymous")
        body = {"events": [VIEW | {"user_id": shopper.id}]}
        answer = client.post("/events", json=body, headers=guest)
        assert answer.json()["verdicts"][0]["reason"] == "user_id: needs that user's bearer token"

    @pytest.mark.parametrize("authorization", ["Bearer x", "Bearer", "Basic eDp5", ""])
    def test_a_bad_token_is_401_and_takes_nothing(
        self, client: httpx.Client, stream: StreamReader, authorization: str
    ) -> None:
        headers = {"Authorization": authorization}
        answer = client.post("/events", json={"events": [VIEW]}, headers=headers)
        assert answer.status_code == 401
        assert stream.read() == []


class TestBadEvents:
    def test_a_bad_event_does_not_condemn_its_batch(
        self, client: httpx.Client, stream: StreamReader
    ) -> None:
        answer = post(client, VIEW, VIEW | {"type": "teleport"}, VIEW | {"event_id": "e-2"})
        statuses = [verdict["status"] for verdict in answer.json()["verdicts"]]
        assert (answer.status_code, statuses) == (202, ["accepted", "rejected", "accepted"])
        assert [event.event_id for event in stream.read()] == ["e-1", "e-2"]

    def test_it_is_kept_with_its_reason_before_the_answer(
        self, client: httpx.Client, bad_events: BadEvents
    ) -> None:
        bad = {"type": "product_view", "note": "no id"}
        verdicts = post(client, VIEW, bad, "not even an object").json()["verdicts"]
        first, second = bad_events()
        assert (first["schema"], first["raw"]) == ("bad-event/1", bad)
        assert first["reason"] == verdicts[1]["reason"] == "event_id: Field required"
        assert second["raw"] == "not even an object"

    def test_it_lies_in_the_folder_of_its_hour(
        self, client: httpx.Client, resources: Resources
    ) -> None:
        before = utc_now()
        post(client, {})
        prefixes = {bad_events_prefix(instant) for instant in (before, utc_now())}
        found = [
            kit_aws.client("s3").list_objects_v2(Bucket=resources.landing_bucket, Prefix=prefix)
            for prefix in prefixes
        ]
        assert sum(entry["KeyCount"] for entry in found) >= 1

    @pytest.mark.parametrize("kind", sorted(SERVER_TYPES))
    def test_only_the_books_say_that_money_moved(
        self, client: httpx.Client, stream: StreamReader, kind: str
    ) -> None:
        verdict = post(client, VIEW | {"type": kind}).json()["verdicts"][0]
        assert verdict["reason"] == f"{kind}: only the server sends this"
        assert stream.read() == []

    @pytest.mark.parametrize("name", ["received_at", "client_time", "purchase_id"])
    def test_the_servers_own_fields_cannot_be_sent(self, client: httpx.Client, name: str) -> None:
        verdict = post(client, VIEW | {name: "2026-01-01T00:00:00Z"}).json()["verdicts"][0]
        assert verdict["reason"] == f"{name}: only the server says this"

    @pytest.mark.parametrize(
        "raw",
        [
            None,
            [],
            7,
            {},
            {"event_id": None},
            {**VIEW, "product_id": None},
            {**VIEW, "unheard_of": 1},
            {**VIEW, "event_time": "0001-01-01T00:00:00+05:00"},
            {**VIEW, "event_time": "yesterday"},
        ],
        ids=str,
    )
    def test_whatever_is_no_event_is_rejected(self, client: httpx.Client, raw: object) -> None:
        answer = post(client, raw)
        assert (answer.status_code, answer.json()["rejected"]) == (202, 1)

    @pytest.mark.parametrize("number", ["1e400", "1" * 5000, "-0.0", "1" * 400])
    def test_a_monstrous_number_is_no_crash(self, client: httpx.Client, number: str) -> None:
        event = json.dumps(VIEW | {"product_id": 0}).replace(
            ' "product_id": 0', f'"product_id": {number}'
        )
        answer = client.post("/events", content=f'{{"events": [{event}]}}')
        assert answer.status_code in (202, 400)
        assert answer.status_code == 400 or answer.json()["rejected"] == 1


class TestBadBatches:
    def test_501_events_are_422(self, client: httpx.Client, stream: StreamReader) -> None:
        answer = post(client, *[VIEW] * 501)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:fashion-store:problem:invalid-batch"
        assert stream.read() == []

    @pytest.mark.parametrize(
        "body", [{"events": []}, {}, [], False, 7, "x", {"events": {}}, {"events": None}], ids=str
    )
    def test_what_is_no_batch_is_422(self, client: httpx.Client, body: object) -> None:
        assert client.post("/events", json=body).status_code == 422

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"events": [',
            b"\xff\xfe",
            b'{"events": [NaN]}',
            b'["\\ud800"]',
            b"[" * 5000,
        ],
        ids=lambda body: repr(body)[:20],
    )
    def test_broken_json_is_400(self, client: httpx.Client, body: bytes) -> None:
        answer = client.post("/events", content=body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"

    def test_a_body_beyond_the_limit_is_413(self, client: httpx.Client) -> None:
        assert client.post("/events", content=b" " * (1024 * 1024 + 1)).status_code == 413

    def test_a_chunked_body_beyond_the_limit_is_413_too(self, client: httpx.Client) -> None:
        chunks = (b" " * 64 * 1024 for _ in range(17))
        assert client.post("/events", content=chunks).status_code == 413


class TestWhenThingsFail:
    async def test_a_full_queue_is_503_with_the_time_to_come_back(
        self, in_process: InProcess
    ) -> None:
        gate = asyncio.Event()

        async def send(records: Sequence[StreamRecord]) -> list[str | Refused]:
            await gate.wait()
            return ["1"] * len(records)

        limits = BatchLimits(items=1, weight=10_000, queued_items=1, in_flight=1)
        batcher = Batcher[StreamRecord, str](send, limits=limits)
        async with in_process(events=service_over(batcher)) as client:
            first = asyncio.create_task(client.post("/events", json={"events": [VIEW]}))
            while not batcher._workers:
                await asyncio.sleep(0)
            second = asyncio.create_task(client.post("/events", json={"events": [VIEW]}))
            while not batcher._queued_items:
                await asyncio.sleep(0)
            third = await client.post("/events", json={"events": [VIEW]})
            gate.set()
            assert [(await one).status_code for one in (first, second)] == [202, 202]
        assert third.status_code == 503
        assert third.headers["retry-after"] == "1"
        assert third.json()["type"] == "urn:fashion-store:problem:overloaded"

    async def test_a_stream_that_does_not_answer_is_503(self, in_process: InProcess) -> None:
        async with in_process({"event_stream": "no-such-stream"}) as client:
            answer = await client.post("/events", json={"events": [VIEW]})
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:fashion-store:problem:stream-unavailable"

    async def test_a_bad_event_that_cannot_be_kept_is_503(self, in_process: InProcess) -> None:
        async with in_process({"landing_bucket": "no-such-bucket"}) as client:
            answer = await client.post("/events", json={"events": [{}]})
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:fashion-store:problem:landing-zone-unavailable"

    async def test_a_throttled_event_is_sent_again_before_the_answer(
        self, in_process: InProcess
    ) -> None:
        calls: list[int] = []

        async def send(records: Sequence[StreamRecord]) -> list[str | Refused]:
            calls.append(len(records))
            refused = Refused("ProvisionedThroughputExceededException")
            return [refused if len(calls) == 1 and at == 0 else "1" for at in range(len(records))]

        limits = BatchLimits(items=500, weight=10**6, queued_items=500, first_pause_seconds=0)
        service = service_over(Batcher[StreamRecord, str](send, limits=limits))
        async with in_process(events=service) as client:
            answer = await client.post("/events", json={"events": [VIEW, VIEW]})
        assert (answer.status_code, calls) == (202, [2, 1])

    async def test_what_was_taken_is_sent_before_the_service_ends_though_the_client_left(
        self, in_process: InProcess, stream: StreamReader
    ) -> None:
        state: dict[str, Any] = {}
        async with in_process(on_open=state.update) as client:
            posted = asyncio.create_task(client.post("/events", json={"events": [VIEW]}))
            while not state["events"]._sink._batcher._workers:
                await asyncio.sleep(0)
            posted.cancel()
        assert [event.event_id for event in stream.read()] == ["e-1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    events=st.lists(
        JSON
        | st.dictionaries(st.sampled_from([*VIEW, "user_id", "query", "list"]), JSON).map(
            lambda change: VIEW | change
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_every_event_gets_one_verdict_whatever_it_is(
    client: httpx.Client, events: list[object]
) -> None:
    answer = client.post("/events", content=json.dumps({"events": events}))
    if answer.status_code == 400:  # a number or a letter that JSON can spell and nobody can read
        return
    assert answer.status_code == 202
    receipt = answer.json()
    assert [verdict["index"] for verdict in receipt["verdicts"]] == list(range(len(events)))
    assert receipt["accepted"] + receipt["rejected"] == len(events)


async def identify(token: str) -> Identity:
    return Identity(token)


def service_over(batcher: Batcher[StreamRecord, str]) -> EventService:
    store = BadEventStore(kit_aws.client("s3"), "unused", ThreadPoolExecutor(1), new_id=new_id)
    judge = Judge(timedelta(seconds=2), new_id)
    return EventService(batcher, store, judge, clock=utc_now, identify=identify)
