"""One shard and one function: what is delivered how often, what is given up, what is remembered."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from infra.tests.local.event_source_bench import (
    CRASH,
    OK,
    POISON,
    SOURCE,
    Bench,
    crash_on_poison,
    lines,
    report_poison,
)

from infra.definitions import EVENT_SOURCE
from infra.local.checkpoints import Checkpoint, CheckpointFile
from infra.local.event_source.function import Answer, FunctionUnavailableError
from infra.local.worker_testing import NOON, ManualClock, ScriptedShard


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


def test_a_checkpoint_of_the_mapping_carries_no_plan(bench: Bench) -> None:
    bench.deliver(bench.shard.put(b"1"))
    assert CheckpointFile(bench.folder, SOURCE.shard_id).load() == Checkpoint(sequence_number="1")
