"""The night's load, once, in a process of its own: `python -m bench.exporter_worker DAY`.

It is told the database and the zones as the exporter is, by EXPORTER_... variables, and prints its
figures as JSON.
"""

import json
import resource
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from exporter.bootstrap import open_daily_load
from exporter.settings import ExporterSettings

Variant = Callable[[ExporterSettings, date, Path], object]
"""Brings the day's lines to a file, and returns what they come to."""


def measure(variant: Variant, day: date) -> None:
    """Run the variant once and print what it took."""
    settings = ExporterSettings()
    with TemporaryDirectory() as folder:
        began = perf_counter()
        total = variant(settings, day, Path(folder) / "lines.parquet")
        seconds = perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "seconds": seconds,
        "peak_mb": usage.ru_maxrss / 1024,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "total": str(total),
    }
    print(json.dumps(figures))


def ours(settings: ExporterSettings, day: date, _: Path) -> object:
    """Run the whole night, to the committed snapshots."""
    with open_daily_load(settings) as load:
        return load.run(day).totals["purchase_lines.line_total"]


if __name__ == "__main__":
    measure(ours, date.fromisoformat(sys.argv[1]))
