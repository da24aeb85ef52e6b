"""One shard and one function: what is delivered how often, what is given up, what is remembered."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from infra.definitions import EVENT_SOURCE
from infra.local.checkpoints import Checkpoint, CheckpointFile
from infra.local.event_source.function import Answer, FunctionUnavailableError
from infra.local.event_source.mapping import Ports, ShardMapping
from infra.local.event_source.records import Source
from infra.local.shards import Record
from infra.local.worker_settings import EventSourceSettings
from infra.local.worker_testing import NOON, ManualClock, ScriptedShard

SOURCE = Source(
    stream_arn="arn:aws:kinesis:us-east-1:000000000000:stream/clickstream",
    shard_id="shardId-000000000000",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:on-interactions",
    role_arn="arn:aws:iam::000000000000:role/on-interactions",
)
POISON = b"poison"
OK = Answer({"batchItemFailures": []})
CRASH = Answer({"errorMessage": "boom"}, "Unhandled")

Script = Callable[[list[bytes], list[str]], Answer]


@dataclass
class ScriptedFunction:
    """A function that notes what it gets and answers by a script of lines and their numbers."""

    script: Script = lambda lines, numbers: OK
    deliveries: list[list[bytes]] = field(default_factory=list)

    def __call__(self, event: dict[str, Any]) -> Answer:
        records = [record["kinesis"] for record in event["Records"]]
        lines = [base64.b64decode(record["data"]) for record in records]
        self.deliveries.append(lines)
        return self.script(lines, [record["sequenceNumber"] for record in records])

    def times_delivered(self, line: bytes) -> int:
        return sum(line in delivery for delivery in self.deliveries)


@dataclass
class KeptFailures:
    """A failure queue in memory that is away for the first `refusals` messages."""

    refusals: int = 0
    messages: list[Any] = field(default_factory=list)

    def send(self, failure: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise EndpointConnectionError(endpoint_url="http://queue")
        self.messages.append(failure)

    def sizes(self) -> list[int]:
        return [message["KinesisBatchInfo"]["batchSize"] for message in self.messages]


class Bench:
    """One mapping over scripted ports."""

    def __init__(self, folder: Path, shard: ScriptedShard, clock: ManualClock) -> None:
        self.folder = folder
        self.shard = shard
        self.clock = clock
        self.function = ScriptedFunction()
        self.failures = KeptFailures()
        self.stop = Event()

    def mapping(self, **settings: Any) -> ShardMapping:
        quick = {"retry_first_seconds": 0.001, "retry_longest_seconds": 0.001}
        return ShardMapping(
            EventSourceSettings(
                stream="clickstream",
                function="on-interactions",
                failure_queue_url="",
                state_folder=self.folder,
                **{"idle_poll_seconds": 0.001, **quick, **settings},
            ),
            SOURCE,
            self.shard,
            CheckpointFile(self.folder, SOURCE.shard_id),
            Ports(self.function, self.failures, self.clock, lambda: "request-1", self.clock.timer),
            self.stop,
        )

    def deliver(self, records: Sequence[Record], **settings: Any) -> None:
        self.mapping(**settings).deliver(records)

    @property
    def checkpoint(self) -> str | None:
        return CheckpointFile(self.folder, SOURCE.shard_id).load().sequence_number


@pytest.fixture
def bench(tmp_path: Path, shard: ScriptedShard, clock: ManualClock) -> Bench:
    return Bench(tmp_path, shard, clock)


def lines(count: int) -> list[bytes]:
    return [f"line-{number}".encode() for number in range(count)]


def crash_on_poison(batch: list[bytes], _: list[str]) -> Answer:
    return CRASH if POISON in batch else OK


def report_poison(batch: list[bytes], numbers: list[str]) -> Answer:
    failed = [number for line, number in zip(batch, numbers, strict=True) if line == POISON]
    return Answer({"batchItemFailures": [{"itemIdentifier": number} for number in failed]})


class TestDelivery:
    def test_a_batch_the_function_took_is_checkpointed(self, bench: Bench) -> None:
        bench.deliver(bench.shard.put(*lines(3)))
        assert bench.function.deliveries == [lines(3)]
        assert bench.checkpoint == "3"

    def test_nothing_before_the_failed_record_is_delivered_again(self, bench: Bench) -> None:
        answers = iter([Answer({"batchItemFailures": [{"itemIdentifier": "3"}]}), OK])
        bench.function.script = lambda *_: next(answers)
        bench.deliver(bench.shard.put(*lines(5)))
        assert bench.function.deliveries == [lines(5), lines(5)[2:]]
        assert bench.checkpoint == "5"

    def test_without_bisect_the_rest_of_the_batch_is_given_up_together(self, bench: Bench) -> None:
        bench.function.script = report_poison
        batch = [*lines(5), POISON, *lines(4)]
        bench.deliver(bench.shard.put(*batch), bisect_on_error=False, maximum_retry_attempts=2)
        assert bench.function.times_delivered(POISON) == 3
        assert bench.failures.sizes() == [5]
        assert bench.checkpoint == "10"

    def test_a_crashing_batch_is_halved_until_the_poison_is_alone(self, bench: Bench) -> None:
        bench.function.script = crash_on_poison
        batch = [*lines(5), POISON, b"after-1", b"after-2"]
        bench.deliver(bench.shard.put(*batch), maximum_retry_attempts=2)
        # In batches of 8, 4 and 2 on its way; alone once and two retries.
        assert bench.function.times_delivered(POISON) == 3 + 1 + 2
        assert bench.failures.sizes() == [1]
        assert bench.function.deliveries[-1] == [b"after-1", b"after-2"]
        assert bench.checkpoint == "8"

    def test_a_reported_poison_record_is_isolated_too(self, bench: Bench) -> None:
        bench.function.script = report_poison
        batch = [b"1", POISON, b"2", b"3"]
        bench.deliver(bench.shard.put(*batch), maximum_retry_attempts=2)
        # With 4 records, at the head of 3, and alone once and two retries.
        assert bench.function.times_delivered(POISON) == 2 + 1 + 2
        assert bench.failures.sizes() == [1]
        assert all(bench.function.times_delivered(line) for line in (b"1", b"2", b"3"))

    def test_a_batch_that_recovers_is_not_given_up(self, bench: Bench) -> None:
        answers = iter([CRASH, CRASH, CRASH, OK])
        bench.function.script = lambda *_: next(answers)
        bench.deliver(bench.shard.put(b"1"), maximum_retry_attempts=3)
        assert bench.failures.messages == []
        assert bench.checkpoint == "1"

    def test_without_retries_a_record_is_delivered_once(self, bench: Bench) -> None:
        bench.function.script = crash_on_poison
        bench.deliver(bench.shard.put(POISON), maximum_retry_attempts=0)
        assert bench.function.times_delivered(POISON) == 1
        assert bench.failures.sizes() == [1]

    def test_a_function_that_cannot_be_reached_costs_no_retry(self, bench: Bench) -> None:
        outages = iter([True] * 5)

        def away_at_first(*_: Any) -> Answer:
            if next(outages, False):
                raise FunctionUnavailableError("throttled")
            return OK

        bench.function.script = away_at_first
        bench.deliver(bench.shard.put(b"1"), maximum_retry_attempts=0)
        assert bench.failures.messages == []
        assert bench.checkpoint == "1"

    def test_the_definitions_decide_unless_a_setting_overrides_them(self, bench: Bench) -> None:
        bench.function.script = crash_on_poison
        bench.deliver(bench.shard.put(POISON))
        assert bench.function.times_delivered(POISON) == 1 + EVENT_SOURCE.maximum_retry_attempts

    @given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 3), st.booleans())
    def test_every_record_is_taken_or_given_up_whatever_fails(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        poisoned: list[bool],
        retries: int,
        is_reported: bool,
    ) -> None:
        bench = Bench(tmp_path_factory.mktemp("bench"), ScriptedShard(), ManualClock())
        batch = [b"P%d" % at if bad else b"L%d" % at for at, bad in enumerate(poisoned)]
        taken: set[bytes] = set()

        def script(got: list[bytes], numbers: list[str]) -> Answer:
            bad = [at for at, line in enumerate(got) if line.startswith(b"P")]
            if bad and not is_reported:
                return CRASH
            taken.update(got[: bad[0]] if bad else got)
            return Answer({"batchItemFailures": [{"itemIdentifier": numbers[at]} for at in bad]})

        bench.function.script = script
        bench.deliver(bench.shard.put(*batch), maximum_retry_attempts=retries)
        assert taken == {line for line in batch if line.startswith(b"L")}
        assert bench.failures.sizes() == [1] * sum(poisoned)
        assert bench.checkpoint == str(len(batch))


class TestGivingUp:
    def test_the_failure_queue_is_told_where_the_batch_lies(self, bench: Bench) -> None:
        bench.function.script = crash_on_poison
        bench.deliver(bench.shard.put(POISON), maximum_retry_attempts=1)
        assert bench.failures.messages == [
            {
                "requestContext": {
                    "requestId": "request-1",
                    "functionArn": SOURCE.function_arn,
                    "condition": "RetryAttemptsExhausted",
                    "approximateInvokeCount": 2,
                },
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                "version": "1.0",
                "timestamp": "2026-01-01T12:00:00.000Z",
                "KinesisBatchInfo": {
                    "shardId": "shardId-000000000000",
                    "startSequenceNumber": "1",
                    "endSequenceNumber": "1",
                    "approximateArrivalOfFirstRecord": "2026-01-01T12:00:00.000Z",
                    "approximateArrivalOfLastRecord": "2026-01-01T12:00:00.000Z",
                    "batchSize": 1,
                    "streamArn": SOURCE.stream_arn,
                },
            }
        ]
        json.dumps(bench.failures.messages)

    def test_records_that_are_too_old_are_given_up_and_younger_ones_delivered(
        self, bench: Bench
    ) -> None:
        old = bench.shard.put(b"old", arrived_at=NOON - timedelta(seconds=61))
        young = bench.shard.put(b"young", arrived_at=NOON - timedelta(seconds=60))
        bench.deliver([*old, *young], maximum_record_age_seconds=60)
        assert bench.function.deliveries == [[b"young"]]
        [message] = bench.failures.messages
        assert message["requestContext"]["condition"] == "RecordAgeExceeded"
        assert "responseContext" not in message
        assert bench.checkpoint == "2"

    def test_a_record_that_grows_too_old_while_it_fails_is_given_up(self, bench: Bench) -> None:
        def slow_crash(*_: Any) -> Answer:
            bench.clock.advance(seconds=40)
            return CRASH

        bench.function.script = slow_crash
        bench.deliver(
            bench.shard.put(POISON), maximum_record_age_seconds=60, maximum_retry_attempts=-1
        )
        assert bench.function.times_delivered(POISON) == 2
        assert bench.failures.sizes() == [1]

    def test_the_shard_waits_for_a_failure_queue_that_is_away(self, bench: Bench) -> None:
        bench.failures.refusals = 3
        bench.function.script = crash_on_poison
        bench.deliver(bench.shard.put(POISON, b"next"), maximum_retry_attempts=0)
        assert bench.failures.sizes() == [1]
        assert bench.checkpoint == "2"

    def test_a_record_whose_failure_was_not_acknowledged_is_not_done(self, bench: Bench) -> None:
        class QueueAway:
            def send(self, failure: Any) -> None:
                bench.stop.set()
                raise EndpointConnectionError(endpoint_url="http://queue")

        bench.failures = QueueAway()  # type: ignore[assignment]
        bench.function.script = crash_on_poison
        bench.deliver(bench.shard.put(b"1", POISON), maximum_retry_attempts=0)
        assert bench.checkpoint == "1"


class TestRun:
    def test_a_worker_that_goes_on_says_at_once_how_far_it_is(self, bench: Bench) -> None:
        bench.deliver(bench.shard.put(b"1", b"2"))
        assert bench.mapping().progress.last_sequence_number == "2"

    def test_a_batch_is_no_larger_than_allowed(self, bench: Bench) -> None:
        bench.shard.put(*lines(25))
        self._run_until(bench, deliveries=3, batch_size=10)
        assert [len(delivery) for delivery in bench.function.deliveries] == [10, 10, 5]

    def test_without_a_window_a_lone_record_is_delivered_at_once(self, bench: Bench) -> None:
        bench.shard.put(b"click")
        self._run_until(bench, deliveries=1)
        assert bench.function.deliveries == [[b"click"]]

    def test_within_the_window_a_batch_waits_for_more_records(self, bench: Bench) -> None:
        arrivals = iter([[b"1"], [b"2"], [], [b"3"]])

        class SlowShard(ScriptedShard):
            def read(self, limit: int) -> list[Record]:
                bench.clock.advance(seconds=2)
                return self.put(*next(arrivals, []))

        bench.shard = SlowShard()
        self._run_until(bench, deliveries=1, batching_window_seconds=5)
        assert bench.function.deliveries == [[b"1", b"2"]]

    def test_a_clock_that_is_set_back_makes_no_window_longer(self, bench: Bench) -> None:
        class SlowShard(ScriptedShard):
            def read(self, limit: int) -> list[Record]:
                bench.clock.advance(seconds=2)
                bench.clock.set(timedelta(minutes=-10))
                return self.put(b"click")

        bench.shard = SlowShard()
        self._run_until(bench, deliveries=1, batching_window_seconds=5)
        assert bench.function.deliveries == [[b"click"] * 3]

    def test_a_full_batch_does_not_wait_for_its_window(self, bench: Bench) -> None:
        bench.shard.put(*lines(2))
        self._run_until(bench, deliveries=1, batch_size=2, batching_window_seconds=300)
        assert bench.function.deliveries == [lines(2)]

    def test_a_closed_shard_is_finished_without_waiting_for_a_window(self, bench: Bench) -> None:
        bench.shard.put(*lines(3))
        bench.shard.is_closed = True
        bench.mapping(batch_size=2, batching_window_seconds=300).run()
        assert bench.function.deliveries == [lines(2), lines(3)[2:]]
        done = CheckpointFile(bench.folder, SOURCE.shard_id).load()
        assert done == Checkpoint(sequence_number="3", is_finished=True)

    def test_a_closed_shard_is_not_finished_by_a_stop(self, bench: Bench) -> None:
        bench.shard.put(*lines(2))
        bench.shard.is_closed = True
        self._run_until(bench, deliveries=1, batch_size=1)
        assert not CheckpointFile(bench.folder, SOURCE.shard_id).load().is_finished

    def test_reading_goes_on_after_the_endpoint_was_away(self, bench: Bench) -> None:
        outages = iter([True, True])

        class ShardAway(ScriptedShard):
            def read(self, limit: int) -> list[Record]:
                if next(outages, False):
                    raise EndpointConnectionError(endpoint_url="http://aws")
                return super().read(limit)

        bench.shard = ShardAway()
        bench.shard.put(b"1")
        self._run_until(bench, deliveries=1)
        assert bench.checkpoint == "1"

    def test_a_stop_lets_the_running_invocation_finish_and_notes_it(self, bench: Bench) -> None:
        bench.shard.put(*lines(3))
        self._run_until(bench, deliveries=1, batch_size=1)
        assert bench.checkpoint == "1"

    def test_a_stop_ends_the_wait_before_a_retry(self, bench: Bench) -> None:
        def crash_and_stop(*_: Any) -> Answer:
            bench.stop.set()
            return CRASH

        bench.function.script = crash_and_stop
        bench.shard.put(b"1")
        bench.mapping(retry_first_seconds=3600, retry_longest_seconds=3600).run()
        assert bench.checkpoint is None

    def test_the_figures_say_what_was_done_and_what_waits(self, bench: Bench) -> None:
        mapping = bench.mapping(maximum_retry_attempts=0)
        ages = []

        def note_age(batch: list[bytes], numbers: list[str]) -> Answer:
            bench.clock.advance(seconds=3)
            ages.append(mapping.progress.age(bench.clock()).total_seconds())
            return crash_on_poison(batch, numbers)

        bench.function.script = note_age
        mapping.deliver(bench.shard.put(b"1", POISON))
        progress = mapping.progress
        assert (progress.records, progress.batches, progress.failures) == (2, 3, 1)
        assert ages == [3, 6, 9]
        assert progress.age(bench.clock()) == timedelta()

    def _run_until(self, bench: Bench, *, deliveries: int, **settings: Any) -> None:
        def stop_at_last(*_: Any) -> Answer:
            if len(bench.function.deliveries) == deliveries:
                bench.stop.set()
            return OK

        bench.function.script = stop_at_last
        bench.mapping(**settings).run()


def test_a_checkpoint_of_the_mapping_carries_no_plan(bench: Bench) -> None:
    bench.deliver(bench.shard.put(b"1"))
    assert CheckpointFile(bench.folder, SOURCE.shard_id).load() == Checkpoint(sequence_number="1")
