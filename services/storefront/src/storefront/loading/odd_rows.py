"""The report of a file's odd rows: a summary to read, and a file with every one of them."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from storefront.loading.styles import OddRow, remedy

Writer = Callable[[TextIO, Iterable[OddRow]], None]


def summarise(odd_rows: Iterable[OddRow]) -> Iterator[str]:
    """Yield a sentence for each fault, the most frequent first."""
    for fault, count in Counter(fault for row in odd_rows for fault in row.faults).most_common():
        yield f"{count:,} x {fault}: {remedy(fault)}"


def write_report(path: Path, odd_rows: Iterable[OddRow]) -> None:
    """Write every odd row to the file, in the format that its name asks for."""
    with path.open("w", encoding="utf-8", newline="") as file:
        WRITERS[path.suffix](file, odd_rows)


def _write_csv(file: TextIO, odd_rows: Iterable[OddRow]) -> None:
    writer = csv.writer(file)
    writer.writerow(["line_number", "product_id", "outcome", "faults", "done"])
    for row in map(_told, odd_rows):
        writer.writerow(
            "; ".join(value) if isinstance(value, list) else value for value in row.values()
        )


def _write_json_lines(file: TextIO, odd_rows: Iterable[OddRow]) -> None:
    file.writelines(json.dumps(_told(row)) + "\n" for row in odd_rows)


WRITERS: Final[dict[str, Writer]] = {".csv": _write_csv, ".jsonl": _write_json_lines}


def _told(row: OddRow) -> dict[str, Any]:
    return {
        "line_number": row.line_number,
        "product_id": None if row.product is None else row.product.id,
        "outcome": "skipped" if row.product is None else "repaired",
        "faults": [str(fault) for fault in row.faults],
        "done": [remedy(fault) for fault in row.faults],
    }
