"""A night's figures for Prometheus: left in a file, for the job is over before anybody asks.

Lag is told as the instant up to which the lake is complete: whoever asks subtracts it from now, so
it grows by itself when no night comes any more.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from exporter.nightly.report import LoadReport
from fashion_kit.clock import day_interval
from fashion_kit.textfile import Figure, write_textfile

PROGRAM: Final = "exporter"
ROWS: Final = Figure("export_rows", "Rows of the last day loaded, by table.", "table")
LINES: Final = Figure("export_event_lines", "Landing lines of the last day, by fate.", "fate")
SECONDS: Final = Figure("export_seconds", "How long the load of the last day took.")
LOADED_UNTIL: Final = Figure(
    "export_loaded_until_timestamp_seconds", "End of the last business day that is in the lake."
)
FAILED: Final = Figure("export_failed_days", "Days that the last run of the exporter did not load.")
FIGURES: Final = (ROWS, LINES, SECONDS, LOADED_UNTIL, FAILED)


class NightFigures:
    """Gathers what the loads of one command say, and writes it at its end."""

    def __init__(self, folder: Path | None, timezone: ZoneInfo) -> None:
        self._folder = folder
        self._timezone = timezone
        self._latest: LoadReport | None = None

    def note(self, report: LoadReport) -> None:
        """Remember the report of the latest day."""
        if self._latest is None or report.day >= self._latest.day:
            self._latest = report

    def write(self, loaded_days: Sequence[date], *, failed: int) -> None:
        """Write the figures; `loaded_days` are all that the ledger knows, in order."""
        values: dict[Figure, float | Mapping[str, float]] = {FAILED: failed}
        if (report := self._latest) is not None:
            values[ROWS] = report.rows
            values[LINES] = report.intake.by_fate()
            values[SECONDS] = report.seconds
        if loaded_days:
            _, end = day_interval(loaded_days[-1], self._timezone)
            values[LOADED_UNTIL] = end.timestamp()
        write_textfile(self._folder, PROGRAM, values)
