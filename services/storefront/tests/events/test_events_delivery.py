"""The way of accepted events: whatever the stream does, none is lost and none overtakes."""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.storefront.tests.events.conftest import VIEW

from fashion_contracts.events import Interaction
from fashion_kit.batcher import Refused, UndeliveredError
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.keys import Keys
from infra.local.processes import Process, free_port
from infra.local.settings import inherited_environment
from storefront.events.circuit import Circuit, GuardedStream
from storefront.events.delivery import EventDelivery
from storefront.events.errors import SpoolFullError
from storefront.events.spool import Spool
from storefront.events.spooling import SpoolQueue, left_over
from storefront.settings import EventSettings
from storefront.stream import StreamRecord, StreamUnavailableError

REST = timedelta(milliseconds=1)


def record(number: int, key: str = "u-1") -> StreamRecord:
    return StreamRecord(key, b"%d\n" % number)


class Stream:
    """A stream that can be sent away, and that refuses each record as often as it is told."""

    def __init__(self) -> None:
        self.is_away = False
        self.calls = 0
        self.taken: list[StreamRecord] = []
        self.refusals: dict[StreamRecord, int] = defaultdict(int)

    def put(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        self.calls += 1
        if self.is_away:
            raise StreamUnavailableError
        return [self._take(one) for one in records]

    def _take(self, one: StreamRecord) -> str | Refused:
        if self.refusals[one]:
            self.refusals[one] -= 1
            return Refused("throttled")
        self.taken.append(one)
        return "1"

    def numbers(self, key: str = "u-1") -> list[int]:
        return [int(one.data) for one in self.taken if one.partition_key == key]


@asynccontextmanager
async def delivery_to(
    stream: Any, folder: Path | None, *, rest: timedelta = REST, **options: Any
) -> AsyncIterator[EventDelivery]:
    places: dict[str, Any] = {"event_stream": "unused", "landing_bucket": "unused"}
    options = {"event_stream_rest": rest, "event_attempts": 1, **options}
    settings = EventSettings(**places, **options)
    with ThreadPoolExecutor(3) as pool:
        circuit = Circuit(rest, asyncio.get_running_loop().time)
        guarded = GuardedStream(stream, pool, circuit)
        queue = SpoolQueue(Spool(folder, new_id), guarded, settings) if folder else None
        delivery = EventDelivery(guarded, settings, queue)
        async with asyncio.timeout(60):
            yield delivery
            await delivery.drain()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def is_drained(delivery: EventDelivery) -> bool:
    assert delivery._spool is not None
    return not delivery._spool.must_queue() and delivery._spool._spool.is_empty()


class TestWithoutASpool:
    async def test_a_stream_that_is_away_is_the_callers_to_hear_of(self) -> None:
        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, None) as delivery:
            with pytest.raises(StreamUnavailableError):
                await delivery.submit([record(1)])

    async def test_while_it_rests_nobody_waits_to_find_out(self) -> None:
        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, None, rest=timedelta(hours=1)) as delivery:
            for number in range(20):
                with pytest.raises(StreamUnavailableError):
                    await delivery.submit([record(number)])
        assert stream.calls == 1

    async def test_when_it_is_back_the_first_try_after_the_rest_opens_the_way(self) -> None:
        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, None) as delivery:
            with pytest.raises(StreamUnavailableError):
                await delivery.submit([record(1)])
            stream.is_away = False
            await asyncio.sleep(2 * REST.total_seconds())
            await delivery.submit([record(2)])
        assert stream.numbers() == [2]

    async def test_what_is_refused_at_every_attempt_is_the_callers_too(self) -> None:
        stream = Stream()
        stream.refusals[record(1)] = 9
        async with delivery_to(stream, None) as delivery:
            with pytest.raises(UndeliveredError):
                await delivery.submit([record(1)])


class TestWithASpool:
    async def test_events_wait_on_disk_and_follow_in_order(self, tmp_path: Path) -> None:
        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, tmp_path) as delivery:
            for number in range(50):
                await delivery.submit([record(number)])
            assert stream.taken == []
            stream.is_away = False
            await until(lambda: is_drained(delivery))
            await delivery.submit([record(50)])
        assert stream.numbers() == list(range(51))

    async def test_only_what_was_refused_waits(self, tmp_path: Path) -> None:
        stream = Stream()
        stream.refusals[record(2)] = 2
        async with delivery_to(stream, tmp_path) as delivery:
            await delivery.submit([record(1), record(2), record(3)])
            await until(lambda: is_drained(delivery))
        assert stream.numbers() == [1, 3, 2]

    async def test_it_ends_although_events_never_cease(self, tmp_path: Path) -> None:
        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, tmp_path) as delivery:
            await delivery.submit([record(0)])
            is_over = False
            counts = [0] * 8

            async def shop(key: int) -> None:
                while not is_over:
                    await delivery.submit([record(counts[key], f"u-{key}")])
                    counts[key] += 1

            shoppers = [asyncio.create_task(shop(key)) for key in range(8)]
            await asyncio.sleep(0.05)
            stream.is_away = False
            await until(lambda: is_drained(delivery))
            is_over = True
            await asyncio.gather(*shoppers)
        for key, count in enumerate(counts):
            expected = [0] if key == 1 else []
            assert stream.numbers(f"u-{key}") == [*expected, *range(count)]

    async def test_a_full_one_is_503(self, tmp_path: Path) -> None:
        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, tmp_path, event_spool_limit_bytes=30) as delivery:
            await delivery.submit([record(1)])
            with pytest.raises(SpoolFullError) as caught:
                await delivery.submit([record(2), record(3), record(4), record(5)])
        assert caught.value.status == 503
        assert caught.value.headers() == {"Retry-After": "1"}

    async def test_a_disk_that_fails_is_503(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: object) -> None:
            raise OSError

        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, tmp_path) as delivery:
            monkeypatch.setattr(Spool, "append", fails)
            with pytest.raises(SpoolFullError):
                await delivery.submit([record(1)])

    async def test_the_next_start_resumes(self, tmp_path: Path) -> None:
        stream = Stream()
        stream.is_away = True
        async with delivery_to(stream, tmp_path) as delivery:
            await delivery.submit([record(1)])
            await delivery.submit([record(2)])
        stream.is_away = False
        async with delivery_to(stream, tmp_path) as delivery:
            await delivery.submit([record(3)])
            await until(lambda: is_drained(delivery))
        assert stream.numbers() == [1, 2, 3]

    @given(outages=st.lists(st.integers(0, 4), min_size=1, max_size=12), shoppers=st.integers(1, 4))
    @settings(max_examples=25)
    def test_every_shoppers_events_arrive_in_their_order_whatever_the_outages(
        self, tmp_path_factory: pytest.TempPathFactory, outages: list[int], shoppers: int
    ) -> None:
        stream = Stream()

        async def scenario() -> None:
            folder = tmp_path_factory.mktemp("spool")
            async with delivery_to(stream, folder) as delivery:

                async def shop(key: str) -> None:
                    for number in range(25):
                        await delivery.submit([record(number, key)])

                tasks = [asyncio.create_task(shop(f"u-{key}")) for key in range(shoppers)]
                for pause in outages:
                    stream.is_away = not stream.is_away
                    await asyncio.sleep(pause / 1_000)
                stream.is_away = False
                await asyncio.gather(*tasks)
                await until(lambda: is_drained(delivery))

        asyncio.run(scenario())
        for key in range(shoppers):
            assert stream.numbers(f"u-{key}") == list(range(25))


def test_what_overtook_a_refused_record_comes_again_behind_it() -> None:
    records = [record(1), record(1, "u-2"), record(2), record(3, "u-3"), record(3)]
    answers: list[str | Refused] = [Refused("x"), "1", "2", "3", "4"]
    assert left_over(records, answers) == [record(1), record(2), record(3)]


class TestTheWholeWay:
    """The API as a process of its own, on a stream that goes away and comes back."""

    STREAM = "clicks"

    @pytest.fixture
    def start(self, own_endpoint: AwsEndpoint, tmp_path: Path) -> Any:
        """Return a way to start the API, which returns its process and its address."""
        own_endpoint.client("kinesis").create_stream(StreamName=self.STREAM, ShardCount=1)
        environment = {
            **inherited_environment(),
            **own_endpoint.environment(),
            # Never connected to: taking events asks the database for nothing.
            "STOREFRONT_DATABASE_URL": "mysql+pymysql://nobody@127.0.0.1:1/none",
            "STOREFRONT_EVENT_STREAM": self.STREAM,
            "STOREFRONT_LANDING_BUCKET": "landing",
            "STOREFRONT_EVENT_SPOOL_FOLDER": str(tmp_path / "spool"),
            "STOREFRONT_EVENT_STREAM_REST": "PT0.05S",
            "STOREFRONT_TOKEN_PRIVATE_KEY_FILE": str(
                Keys.in_folder(tmp_path / "keys").token_private
            ),
        }
        started: list[Process] = []

        def start() -> tuple[Process, str]:
            port = free_port()
            process = Process("storefront", tmp_path / f"{port}.log")
            options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
            command = [sys.executable, "-m", "uvicorn", *options, "storefront.app:app"]
            process.start(command, environment)
            started.append(process)
            url = f"http://127.0.0.1:{port}"
            process.wait_until(lambda: _answers(url), seconds=30)
            return process, url

        yield start
        for process in started:
            process.kill()

    def test_events_outlive_the_stream_and_the_process(
        self, own_endpoint: AwsEndpoint, start: Any
    ) -> None:
        process, url = start()
        assert _post(url, "e-0") == 202
        own_endpoint.stop()
        assert [_post(url, f"e-{number}") for number in range(1, 30)] == [202] * 29
        metrics = httpx.get(f"{url}/metrics").text
        assert "events_spooled_total 29.0" in metrics
        process.kill()
        process, url = start()
        assert _post(url, "e-30") == 202
        own_endpoint.start()
        process.wait_until(lambda: "events_spool_bytes 0.0" in _metrics(url), seconds=30)
        assert _post(url, "e-31") == 202
        assert _ids(own_endpoint, self.STREAM)[-31:] == [f"e-{number}" for number in range(1, 32)]

    def test_a_clean_end_leaves_the_queue_to_the_next_start(
        self, own_endpoint: AwsEndpoint, start: Any
    ) -> None:
        process, url = start()
        own_endpoint.stop()
        assert _post(url, "e-1") == 202
        process.stop()
        own_endpoint.start()
        process, url = start()
        process.wait_until(lambda: "events_drained_total 1.0" in _metrics(url), seconds=30)
        assert _ids(own_endpoint, self.STREAM) == ["e-1"]


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


def _metrics(url: str) -> str:
    return httpx.get(f"{url}/metrics").text


def _post(url: str, event_id: str) -> int:
    body = json.dumps({"events": [VIEW | {"event_id": event_id}]})
    return httpx.post(f"{url}/events", content=body, timeout=60).status_code


def _ids(endpoint: AwsEndpoint, stream: str) -> list[str]:
    client = endpoint.client("kinesis")
    (shard,) = client.list_shards(StreamName=stream)["Shards"]
    iterator = client.get_shard_iterator(
        StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = client.get_records(ShardIterator=iterator)["Records"]
    return [Interaction.from_record(one["Data"]).event_id for one in records]
