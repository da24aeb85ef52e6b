"""What became of a batch, counted while it is applied."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fashion_contracts.measures import UNITS, BatchMeasures
from fashion_contracts.picks import Shopper, event_hash
from fashion_kit.clock import Clock
from fashion_kit.emf import embedded
from fashion_kit.logs import get_logger
from recommender.interactions.records import Arrival, FailedRecord, Failure

log = get_logger(__name__)

SECONDS_DIGITS = 4


@dataclass
class BatchTally:
    """Counts one batch's events as their shoppers are written."""

    late_after: timedelta
    applied: int = 0
    duplicate: int = 0
    late: int = 0
    waits: list[float] = field(default_factory=list)

    def passed_over(self, count: int) -> None:
        """Note how many of a shopper's records lie behind the fence."""
        self.duplicate += count

    def written(self, before: Shopper, fresh: Sequence[Arrival], now: datetime) -> None:
        """Note that the shopper was written with what these records say."""
        known = {act.event_hash for act in before.history}
        for arrival in fresh:
            event = arrival.event
            sign = event_hash(event.event_id)
            if sign in known:
                self.duplicate += 1
                continue
            known.add(sign)
            self.applied += 1
            self.late += event.received_at - event.event_time > self.late_after
            # Two machines' clocks: that of the one which received it may be ahead.
            self.waits.append(max((now - event.received_at).total_seconds(), 0.0))

    def measures(self, failed: Sequence[FailedRecord]) -> BatchMeasures:
        """Return the batch's figures, with those of the records that had no effect."""
        poison = sum(record.reason is Failure.POISON for record in failed)
        return BatchMeasures(
            applied=self.applied,
            duplicate=self.duplicate,
            late=self.late,
            poison=poison,
            failed=len(failed) - poison,
            click_to_pick_seconds=[round(wait, SECONDS_DIGITS) for wait in self.waits],
        )


class MeasuresLog:
    """Writes each batch's figures to the log, as metrics that CloudWatch reads from there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, measures: BatchMeasures) -> None:
        """Write one line."""
        embedding = embedded(UNITS, self._clock())
        log.info("interactions_applied", **embedding, **measures.model_dump())
