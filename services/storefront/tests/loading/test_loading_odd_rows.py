"""The report of the odd rows."""

import csv
import json
from pathlib import Path

from storefront.loading.new_product import NewProduct
from storefront.loading.odd_rows import summarise, write_report
from storefront.loading.styles import Fault, OddRow

SHIRT = NewProduct(41, *[None] * 9)
ODD_ROWS = (
    OddRow(3, (Fault.UNQUOTED_COMMA, Fault.LONG_NAME), SHIRT),
    OddRow(7, (Fault.UNQUOTED_COMMA,), SHIRT),
    OddRow(9, (Fault.TOO_FEW_CELLS,), None),
)


def test_the_summary_counts_each_fault_and_says_what_was_done() -> None:
    assert list(summarise(ODD_ROWS)) == [
        "2 x unquoted comma in the name: joined",
        "1 x a name longer than the column: cut",
        "1 x too few cells: row skipped",
    ]


def test_no_odd_rows_are_no_summary() -> None:
    assert list(summarise(())) == []


def test_json_lines_hold_every_row(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    write_report(path, ODD_ROWS)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["line_number"] for row in rows] == [3, 7, 9]
    assert rows[0] == {
        "line_number": 3,
        "product_id": 41,
        "outcome": "repaired",
        "faults": ["unquoted comma in the name", "a name longer than the column"],
        "done": ["joined", "cut"],
    }


def test_csv_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    write_report(path, ODD_ROWS)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["product_id"], rows[0]["done"]) == ("41", "joined; cut")
    assert (rows[2]["product_id"], rows[2]["outcome"]) == ("", "skipped")
