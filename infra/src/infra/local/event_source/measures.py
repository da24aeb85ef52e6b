"""What the function says of its batches in its log, as CloudWatch would read it, and its sums."""

import json
from bisect import bisect_left
from operator import add
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from fashion_contracts.measures import BatchMeasures
from fashion_kit.emf import MEMBER

BOUNDS: Final = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 60)
"""Seconds from click to pick between which events are counted; above the last counts as more."""

COUNTS: Final = ("applied", "duplicate", "late", "poison", "failed")


class MeasuresSum(BaseModel):
    """The measures of many batches, added up."""

    model_config = ConfigDict(frozen=True)

    applied: int = 0
    duplicate: int = 0
    late: int = 0
    poison: int = 0
    failed: int = 0
    click_to_pick_counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    """How many events took up to each bound and more than the one before; the last took longer."""
    click_to_pick_seconds: float = 0.0

    @classmethod
    def of(cls, batch: BatchMeasures) -> Self:
        """Return one batch's measures as a sum of one."""
        counts = [0] * (len(BOUNDS) + 1)
        for seconds in batch.click_to_pick_seconds:
            counts[bisect_left(BOUNDS, seconds)] += 1
        return cls(
            **batch.model_dump(include=set(COUNTS)),
            click_to_pick_counts=tuple(counts),
            click_to_pick_seconds=sum(batch.click_to_pick_seconds),
        )

    def __add__(self, other: Self) -> Self:
        """Return both sums together."""
        return type(self)(
            **{name: getattr(self, name) + getattr(other, name) for name in COUNTS},
            click_to_pick_counts=tuple(
                map(add, self.click_to_pick_counts, other.click_to_pick_counts)
            ),
            click_to_pick_seconds=self.click_to_pick_seconds + other.click_to_pick_seconds,
        )


def measures_in(log: str) -> BatchMeasures | None:
    """Return what the end of a log says of the batch; None if it says nothing.

    The end is cut to 4 KB, so its first line may be half of one.
    """
    for line in reversed(log.splitlines()):
        try:
            content = json.loads(line)
            if isinstance(content, dict) and MEMBER in content:
                return BatchMeasures.model_validate(content)
        except ValueError:
            # Half a line, or another's: figures are not worth a worker.
            continue
    return None
