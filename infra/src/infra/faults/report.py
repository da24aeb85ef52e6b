"""The table of faults, for people: on the terminal and in docs/reliability.md."""

from collections.abc import Sequence
from math import isinf
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from infra.faults.runner import Result

_HEAD = """# Reliability

What happens to the shop when something breaks while people shop. `make faults` writes this page: it
starts a shop, lets a crowd in for each row, injects the fault, and then compares what the shoppers
were told with the books, the lake and the shoppers' histories. `make faults ONLY=name` renews one
row, so rows may be of different runs. How it is built:
[decision 0028](decisions/0028-faults-are-data.md), and for the reshard
[decision 0032](decisions/0032-workers-follow-the-shards.md).

## What is checked after each fault

- Every purchase that a shopper was told of is in MySQL and in the lake, once; units, stock and
  cents agree; nothing is oversold.
- Every event that was answered 202, and every purchase's, is in the lake, once. What was never
  answered may be there, but once, and no more of it than was sent.
- The night's load reconciles with the books.
- Every shopper's history in DynamoDB is what the whole stream, read and folded anew, says.
- Each record that was put on the stream and is no event is told to the failure queue, once, by its
  shard and sequence number, and no other record is. The delivery brings it to the landing zone as
  it came; the load keeps its content aside, once, and counts it in the lake's `bad_events`; the
  lake's events do not have it.
- No answer was 500.
- While the shop's own clocks are wrong, every click is taken; what was stamped by them is of the
  business day that they showed, and those days are loaded too. Database, AWS endpoint and shoppers
  have the right time. The endpoint does not look at the age of a signature, as AWS does.
- Recovery is the time from the end of the fault (a killed process is started again, MariaDB takes
  connections) until the shop answers, every worker works, no outbox row and no record
  waits longer than a second, no event waits on disk, and a fresh click changes the picks. It is
  measured on the machine that wrote this page, busy with the crowd all the while.

## The table

| name | what was injected | how often | who shopped meanwhile | lost or doubled | recovery, s |
|---|---|---|---|---|---|
"""


def write(path: Path, results: Sequence[Result], names: Sequence[str]) -> None:
    """Write the page with a row for each name; who was not run now keeps the row of before."""
    rows = _rows_of(path) | {result.scenario.name: _row(result) for result in results}
    path.write_text(_HEAD + "".join(f"{rows[name]}\n" for name in names if name in rows))


def _rows_of(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}


def show(console: Console, result: Result) -> None:
    """Show what came of one scenario."""
    name = result.scenario.name
    if result.not_run:
        console.print(f"  [yellow]-[/] {name}: not run: {escape(result.not_run)}")
        return
    mark = "[green]✓[/]" if result.holds else "[red]✗[/]"
    console.print(
        f"  {mark} {name}: {_times(result)}; {result.crowd}; well after {_seconds(result)} s"
    )
    for check in result.broken:
        console.print(escape(f"      {check.what}: {_brief(check.left)} | {_brief(check.right)}"))


def _row(result: Result) -> str:
    scenario = result.scenario
    if result.not_run:
        cells = [scenario.name, scenario.what, f"not run: {result.not_run}", "", "", ""]
    else:
        lost = "nothing" if result.holds else "; ".join(check.what for check in result.broken)
        cells = [
            scenario.name,
            scenario.what,
            _times(result),
            result.crowd,
            lost,
            _seconds(result),
        ]
    return f"| {' | '.join(cells)} |"


def _times(result: Result) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(result.struck.items()))


def _seconds(result: Result) -> str:
    return "never" if isinf(result.recovery_seconds) else f"{result.recovery_seconds:.1f}"


def _brief(value: object) -> str:
    return f"{len(value)} differ" if isinstance(value, set | frozenset) else str(value)
