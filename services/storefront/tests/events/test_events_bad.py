"""Rejected events: read by an admin, and judged again when the rules have changed."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import Shopper, StreamReader
from services.storefront.tests.events.conftest import VIEW, BearerOf
from typer.testing import CliRunner

from fashion_contracts.landing import bad_events_prefix
from fashion_kit import aws as kit_aws
from fashion_kit.batcher import Refused
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.local.resources import Resources
from storefront.__main__ import main
from storefront.events.judging import Judge
from storefront.events.replay import Replay, ReplayReport
from storefront.events.repository import BadEventRepository
from storefront.events.schemas import BadEvent
from storefront.stream import StreamPublisher, StreamRecord, StreamUnavailableError

pytestmark = pytest.mark.servers

HOURS = range(24)
THEN = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
GOOD_NOW = VIEW | {"event_time": "2026-02-03T04:05:00Z"}

Keep = Callable[..., str]
days: Iterator[date] = (date(2021, 1, 1) + timedelta(days=number) for number in range(300))


@pytest.fixture
def day() -> date:
    """Return a day of the landing zone that no other test writes to."""
    return next(days)


@pytest.fixture
def keep(resources: Resources, day: date) -> Keep:
    """Return a way to keep bad events under an hour of the day, which returns their key."""
    s3 = kit_aws.client("s3")

    def keep(*raws: Any, hour: int = 4, name: str = "", **fields: Any) -> str:
        instant = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        common = {"reason": "x", "received_at": THEN} | fields
        lines = [BadEvent(raw=raw, **common).model_dump_json(by_alias=True) for raw in raws]
        key = f"{bad_events_prefix(instant)}{name or new_id()}.jsonl"
        body = "".join(f"{line}\n" for line in lines).encode()
        s3.put_object(Bucket=resources.landing_bucket, Key=key, Body=body)
        return key

    return keep


@pytest.fixture
def repository(resources: Resources) -> BadEventRepository:
    """Return the real way to the landing zone."""
    return BadEventRepository(kit_aws.client("s3"), resources.landing_bucket)


@pytest.fixture
def left(repository: BadEventRepository, day: date) -> Callable[[], list[Any]]:
    """Return a reader of what the day still holds."""

    def read() -> list[Any]:
        found = (one for hour in HOURS for one in repository.objects(day, hour))
        return [event.raw for one in found for event in one.events.values()]

    return read


@pytest.fixture
def replay(
    repository: BadEventRepository, publisher: StreamPublisher, day: date
) -> Callable[..., ReplayReport]:
    """Return a way to replay the day."""

    def run(stream: Any = publisher, **options: Any) -> ReplayReport:
        judge = Judge(timedelta(seconds=2), new_id)
        return Replay(repository, stream, judge, clock=utc_now, **options).run(day, HOURS)

    return run


class TestReading:
    @pytest.fixture
    def admin(self, client: httpx.Client, bearer_of: BearerOf) -> httpx.Client:
        """Return the client of one who may."""
        client.headers.update(bearer_of(new_id(), "admin"))
        return client

    def pages(self, client: httpx.Client, day: date, **params: Any) -> list[Any]:
        """Return what lies on all pages, one after the other."""
        found: list[Any] = []
        cursor = None
        while True:
            query = {"day": day.isoformat(), **params} | ({"cursor": cursor} if cursor else {})
            answer = client.get("/events/bad", params=query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def raws(self, client: httpx.Client, day: date, **params: Any) -> list[Any]:
        """Return what was sent, of all pages."""
        return [event["raw"] for event in self.pages(client, day, **params)]

    def test_the_newest_hour_comes_first(self, admin: httpx.Client, day: date, keep: Keep) -> None:
        keep(1, hour=3)
        keep(2, hour=23)
        keep(3, hour=4)
        assert self.raws(admin, day) == [2, 3, 1]
        assert self.raws(admin, day, hour=4) == [3]

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
    def test_pages_of_any_size_hold_each_event_once(
        self, admin: httpx.Client, day: date, keep: Keep, limit: int
    ) -> None:
        keep(0, 1, 2, hour=5, name="a")
        keep(3, hour=5, name="ab")
        keep(4, 5, hour=5, name="b")
        keep(6, 7, hour=2)
        assert self.raws(admin, day, limit=limit) == list(range(8))

    def test_it_shows_reason_schema_and_owner(self, admin: httpx.Client, shopper: Shopper) -> None:
        shopper.client.post("/events", json=[{"type": "teleport"}])
        shown = self.pages(admin, utc_now().date(), limit=100)
        (event,) = [one for one in shown if one["owner"] == shopper.id]
        assert (event["schema"], event["raw"]) == ("bad-event/1", {"type": "teleport"})
        assert event["reason"] == "event_id: Field required"

    def test_the_lakes_own_bad_lines_are_not_shown(
        self, admin: httpx.Client, day: date, keep: Keep
    ) -> None:
        keep(1, name="object.gz.bad")
        assert self.raws(admin, day) == []

    @pytest.mark.parametrize(
        "params",
        [{}, {"day": "yesterday"}, {"hour": 24}, {"cursor": "x"}, {"limit": 0}, {"cursor": "MDQ"}],
    )
    def test_a_strange_question_is_422(self, admin: httpx.Client, params: dict[str, Any]) -> None:
        query = params if not params or "day" in params else {"day": "2026-01-01"} | params
        assert admin.get("/events/bad", params=query).status_code == 422

    def test_it_is_for_admins_alone(
        self, client: httpx.Client, shopper: Shopper, bearer_of: BearerOf
    ) -> None:
        query = {"day": "2026-01-01"}
        assert client.get("/events/bad", params=query).status_code == 401
        assert shopper.client.get("/events/bad", params=query).status_code == 403
        for role in ("anonymous", "service"):
            headers = bearer_of("anon-12345678", role)
            assert client.get("/events/bad", params=query, headers=headers).status_code == 403


class TestReplay:
    def test_the_good_go_to_the_stream_and_the_bad_stay(
        self, keep: Keep, replay: Any, left: Any, stream: StreamReader
    ) -> None:
        keep(GOOD_NOW, {"type": "teleport"}, hour=1)
        keep(GOOD_NOW | {"event_id": "e-2"}, hour=9)
        assert replay() == ReplayReport(read=3, good=2, refused=0)
        assert sorted(event.event_id for event in stream.read()) == ["e-1", "e-2"]
        assert left() == [{"type": "teleport"}]

    def test_they_are_judged_as_their_bearers(
        self, keep: Keep, replay: Any, stream: StreamReader
    ) -> None:
        keep(GOOD_NOW, owner="u-1")
        keep(GOOD_NOW | {"anonymous_id": "anon-87654321"}, owner="anon-87654321")
        keep(GOOD_NOW | {"user_id": "u-2"}, owner="u-1")
        assert replay() == ReplayReport(read=3, good=2, refused=0)
        assert {event.shopper_id for event in stream.read()} == {"u-1", "anon-87654321"}

    def test_times_are_of_then_and_the_arrival_is_now(
        self, keep: Keep, replay: Any, stream: StreamReader
    ) -> None:
        wrong = {"event_time": "2020-01-01T00:00:00Z", "sent_at": "2020-01-01T00:00:10Z"}
        keep(GOOD_NOW | wrong)
        before = utc_now()
        replay()
        (event,) = stream.read()
        assert event.event_time == THEN - timedelta(seconds=10)
        assert event.received_at >= before

    def test_words_of_elsewhere_are_understood(
        self, keep: Keep, replay: Any, stream: StreamReader
    ) -> None:
        keep({"event_type": "click", "product_id": 7, "timestamp": "2026-02-03", "user_id": 1})
        keep({"event_type": "click", "product_id": 7, "timestamp": 1769995506, "user_id": 1})
        assert replay().good == 1
        assert [event.anonymous_id for event in stream.read()] == ["anon-00000001"]

    def test_a_dry_run_only_counts(
        self, keep: Keep, replay: Any, left: Any, stream: StreamReader
    ) -> None:
        keep(GOOD_NOW)
        assert replay(is_dry=True) == ReplayReport(read=1, good=1, refused=0)
        assert (stream.read(), left()) == ([], [GOOD_NOW])

    def test_what_the_stream_refuses_stays(self, keep: Keep, replay: Any, left: Any) -> None:
        class Throttled:
            def put(self, records: list[StreamRecord]) -> list[str | Refused]:
                return [Refused("throttled"), *["1"] * (len(records) - 1)]

        keep(GOOD_NOW, GOOD_NOW | {"event_id": "e-2"})
        assert replay(Throttled()) == ReplayReport(read=2, good=2, refused=1)
        assert left() == [GOOD_NOW]

    def test_who_dies_before_the_end_repeats_and_loses_nothing(
        self, keep: Keep, replay: Any, left: Any, publisher: StreamPublisher, stream: StreamReader
    ) -> None:
        class Dying:
            def put(self, records: list[StreamRecord]) -> list[str | Refused]:
                publisher.put(records)
                raise StreamUnavailableError

        keep(GOOD_NOW)
        with pytest.raises(StreamUnavailableError):
            replay(Dying())
        assert left() == [GOOD_NOW]
        replay()
        assert left() == []
        assert [event.event_id for event in stream.read()] == ["e-1", "e-1"]

    def test_more_than_one_call_takes(
        self, keep: Keep, replay: Any, left: Any, stream: StreamReader
    ) -> None:
        for start in range(0, 1_200, 400):
            keep(*[GOOD_NOW | {"event_id": f"e-{start + at}"} for at in range(400)])
        assert replay() == ReplayReport(read=1_200, good=1_200, refused=0)
        assert len({event.event_id for event in stream.read()}) == 1_200
        assert left() == []

    def test_lines_that_are_none_stay_as_they_are(
        self, keep: Keep, replay: Any, resources: Resources
    ) -> None:
        key = keep(GOOD_NOW)
        s3 = kit_aws.client("s3")
        place = {"Bucket": resources.landing_bucket, "Key": key}
        body = s3.get_object(**place)["Body"].read()
        s3.put_object(**place, Body=b"not a line\n" + body)
        assert replay() == ReplayReport(read=1, good=1, refused=0)
        assert s3.get_object(**place)["Body"].read() == b"not a line\n"

    def test_the_command_prints_the_counts(
        self, keep: Keep, day: date, resources: Resources, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep(GOOD_NOW, {"type": "teleport"})
        monkeypatch.setenv("STOREFRONT_EVENT_STREAM", resources.event_stream)
        monkeypatch.setenv("STOREFRONT_LANDING_BUCKET", resources.landing_bucket)
        command = ["replay-bad-events", "--day", day.isoformat(), "--hour", "4"]
        dry = CliRunner().invoke(main, [*command, "--dry-run"])
        assert dry.output.startswith("2 rejected events read: 1 are good now, 1 still bad;")
        assert CliRunner().invoke(main, command).exit_code == 0
        assert CliRunner().invoke(main, command).output.startswith("1 rejected events read: 0")
