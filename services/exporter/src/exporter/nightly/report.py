"""What a load tells those who started it, and the ledger."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from exporter.events.intake import IntakeCounts

_ROWS = ".rows"


@dataclass(frozen=True)
class LoadReport:
    """What one load brought into the lake."""

    day: date
    run_id: str
    state: str
    totals: Mapping[str, Decimal]
    """Counts and sums, named `table.rows` and `table.column`; checked against the database."""
    intake: IntakeCounts
    """What became of the landing zone's lines."""
    snapshots: Mapping[str, int | None]
    """The Iceberg snapshot of each table; None where a table has never had a row."""
    seconds: float
    fingerprint: str
    """What the day's purchases looked like in the snapshot."""
    is_ours: bool = True
    """False where another run loaded the day while this one waited."""

    @classmethod
    def of_another_run(cls, details: Mapping[str, Any]) -> "LoadReport":
        """Return the report that another run left in the ledger."""
        return cls(
            day=date.fromisoformat(details["business_day"]),
            run_id=details["run_id"],
            state=details["state"],
            totals={name: Decimal(value) for name, value in details["totals"].items()},
            intake=IntakeCounts(**details["events"]),
            snapshots={name: value and int(value) for name, value in details["snapshots"].items()},
            seconds=details["seconds"],
            fingerprint=details["fingerprint"],
            is_ours=False,
        )

    @property
    def rows(self) -> dict[str, int]:
        """Return how many rows each table got."""
        return {
            name.removesuffix(_ROWS): int(value)
            for name, value in self.totals.items()
            if name.endswith(_ROWS)
        }

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; money stays text, so that no cent is lost."""
        return {
            "business_day": self.day.isoformat(),
            "run_id": self.run_id,
            "state": self.state,
            "totals": {name: str(value) for name, value in self.totals.items()},
            "events": asdict(self.intake),
            # An id is longer than what JavaScript and some JSON readers keep of a number.
            "snapshots": {name: value and str(value) for name, value in self.snapshots.items()},
            "seconds": self.seconds,
            "fingerprint": self.fingerprint,
        }

    def lines(self) -> list[str]:
        """Return it as a person reads it."""
        counts = ", ".join(
            f"{count:,} {table.replace('_', ' ')}" for table, count in self.rows.items()
        )
        other = "" if self.is_ours else ", which began after this one and spared it the load"
        return [
            f"{self.day} {self.state} in {self.seconds:.1f} s (run {self.run_id}{other})",
            f"  {counts}",
            f"  purchases add up to {self.totals['purchases.total']:,}, in MySQL and in the lake",
            f"  of {self.intake.lines:,} landing zone lines: {self.intake.kept:,} kept,"
            f" {self.intake.duplicates:,} duplicates, {self.intake.of_other_days:,} of other days,"
            f" {self.intake.bad:,} bad{self._retained()}",
        ]

    def _retained(self) -> str:
        rows = self.intake.retained + self.intake.bad_retained
        return f"; {rows:,} more of an earlier load, expired there" if rows else ""
