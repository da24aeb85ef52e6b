"""What the interactions function says of each batch: a line of its log, read as metrics.

On AWS CloudWatch reads it (embedded metric format); on one machine the event source poller does.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field


class BatchMeasures(BaseModel):
    """What became of one batch's records."""

    model_config = ConfigDict(frozen=True)

    applied: int = 0
    """Events that changed a shopper."""
    duplicate: int = 0
    """Events that came again: redelivered, or sent twice and still remembered."""
    late: int = 0
    """Of those applied, the ones that reached the shop long after they happened."""
    poison: int = 0
    """Records that are no event."""
    failed: int = 0
    """Records that could not be applied now and will come again."""
    click_to_pick_seconds: list[float] = Field(default_factory=list)
    """For each event applied, the time from its receipt by the shop to its picks' write."""


UNITS: Final = {
    name: "Seconds" if name.endswith("_seconds") else "Count" for name in BatchMeasures.model_fields
}
