"""A mapping at work: how it gathers, waits, finishes and stops, and what it says of itself."""

from datetime import timedelta
from typing import Any

from botocore.exceptions import EndpointConnectionError
from infra.tests.local.event_source_bench import (
    CRASH,
    OK,
    POISON,
    SOURCE,
    Bench,
    crash_on_poison,
    lines,
)

from infra.local.checkpoints import Checkpoint, CheckpointFile
from infra.local.event_source.function import Answer
from infra.local.shards import Record
from infra.local.worker_testing import ScriptedShard


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
