"""The data dictionary: `python -m fashion_contracts.dictionary docs/lake.md` writes it."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fashion_contracts.lake import TABLES, Table
from fashion_contracts.marts import MARTS

_LAKE = """# The lake: data dictionary

The tables of the clean zone and the marts, as [fashion_contracts.lake](../libs/contracts/src/fashion_contracts/lake.py) and
[fashion_contracts.marts](../libs/contracts/src/fashion_contracts/marts.py) declare them: `make lake-docs` writes this page from them, and a test says
when it is stale. Glue's column comments are the same words. Why tables are loaded the way they are:
[decision 0005](decisions/0005-daily-load-iceberg.md); why marts are computed the way they are: [decision 0022](decisions/0022-marts-are-sql-over-the-lake.md).

They are Iceberg tables in the clean bucket under `warehouse/<table>/`, in Glue's catalogue, so Athena, DuckDB and Spark read them
as they are; `make query` asks them ([ten questions](analysis.md)). Rules that hold for every table:

- **Money** is `decimal(12,2)`, never a float, in the currency beside it.
- **Instants** are UTC with microseconds (Iceberg `timestamptz`).
- **`business_day`** is the partition of every daily table: the day in the shop's own timezone, from its midnight up to, and without,
  the next one. A day may have 23 or 25 hours. Purchases belong to the day of `purchased_at`, events to that of `received_at`.
- **Nobody is named.** `user_key` and `shopper_key` are keyed hashes: the same person has the same key in every table and on every
  day, and nobody without the exporter's secret finds the way back. Of an address city and country come here, of a birthday an age
  band. E-mail, telephone, name, street, page addresses and browsers never do; e-mail addresses and telephone numbers typed into
  the search are replaced by `[email]` and `[number]`.
- **A null is a null**: "not known". Only the columns marked so can be null.
"""

_MARTS = """## The marts

What the tables come to. A daily mart has rows of each day; a whole one says in `as_of` up to which day it looks. They are renewed
after each load: the days that changed, the days that look back on them (28 days for trends, all later ones for new buyers), and the
whole ones. Each is one SQL file in `services/exporter/src/exporter/marts/sql/`. Money is the shop's currency.
"""

_BESIDE = """## What lies beside the tables

| where | what |
|---|---|
| clean bucket, `ledger/business_day=D/state=S/<run id>.json` | one object for each state (`started`, then `loaded`, `partial` or `failed`) that a run of the load reached, with its counts, sums and snapshot ids; never changed |
| clean bucket, `answers/` | what Athena answered; it expires |
| landing bucket, `events/dt=D/hour=H/*.gz` | what the delivery stream brought: gzip, one event a line, in the folder of the UTC hour of delivery |
| landing bucket, `bad/dt=D/hour=H/<object>.bad.jsonl` | the lines of that object which are no events: `source_key`, `line_number`, `reason`, `raw` |

A day whose latest run is `loaded` is complete. `partial` means that the day had not ended when it was loaded: load it again.
"""


def dictionary() -> str:
    """Return the page."""
    return "\n".join([_LAKE, *map(_described, TABLES), _MARTS, *map(_described, MARTS), _BESIDE])


def _described(table: Table) -> str:
    return "\n".join(
        [f"## {table.name}", "", f"{table.doc} {_kept(table)}", "", *_columns(table), ""]
    )


def _kept(table: Table) -> str:
    key = f"Key: {_code(table.key)}."
    if table.partition is None:
        return f"{key} Replaced whole by every load."
    return f"{key} Partition: {_code([table.partition])}; a day is replaced in one snapshot."


def _columns(table: Table) -> Iterator[str]:
    yield "| column | type | null | meaning |"
    yield "|---|---|---|---|"
    for column in table.columns:
        null = "" if column.required else "yes"
        yield f"| {_code([column.name])} | {column.type.value} | {null} | {column.doc} |"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(arguments: Sequence[str]) -> None:
    """Write the page to the path given."""
    [path] = arguments
    Path(path).write_text(dictionary())


if __name__ == "__main__":
    main(sys.argv[1:])
