"""`python -m tests.security.fuzz [--inputs N] [--minutes M] [--seed S]`: a million broken inputs.

Exit code 1 if anything was found. Findings and figures are in `build/fuzz/`; a run with the same
seed and number of inputs sends the same ones.
"""

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from secrets import randbelow
from time import monotonic
from typing import Final

import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from tests.security.fuzzing.targets import Target, open_targets

FIGURES: Final = Path(__file__).parents[2] / "build/fuzz"
INPUTS: Final = 1_000_000
MINUTES: Final = 10
# After this share of its inputs a target has filled its caches.
WARM: Final = 0.2
GROWTH_LIMIT_BYTES: Final = 32 * 1024 * 1024
FINDINGS_KEPT: Final = 10


@dataclass
class Result:
    """What came of one target."""

    target: str
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    seconds: float = 0
    growth_bytes: int = 0
    """How much the process grew after the first fifth."""
    findings: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Say whether nothing was found and the memory stayed flat."""
        return not self.findings and self.growth_bytes <= GROWTH_LIMIT_BYTES


def fuzz(
    target: Target,
    random: Random,
    *,
    inputs: int,
    until: float,
    keep: Callable[[list[bytes]], None] = lambda _: None,
    advance: Callable[[int], None] = lambda _: None,
) -> Result:
    """Send the target so many inputs, or fewer if the time is over."""
    process = psutil.Process()
    result = Result(target.name)
    began = monotonic()
    warm = 0
    while result.sent < inputs and monotonic() < until and len(result.findings) < FINDINGS_KEPT:
        batch = target.batch(random)
        try:
            tally = target.take(batch)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            found = traceback.format_exc(limit=-3)
            if found not in result.findings:
                result.findings.append(found)
                keep(batch)
        else:
            result.accepted += tally.accepted
            result.refused += tally.refused
        result.sent += len(batch)
        advance(len(batch))
        if not warm and result.sent >= inputs * WARM:
            warm = process.memory_info().rss
    result.growth_bytes = max(0, process.memory_info().rss - warm) if warm else 0
    result.seconds = round(monotonic() - began, 1)
    return result


def fuzz_all(inputs: int, seconds: float, seed: int, *, console: Console) -> list[Result]:
    """Fuzz every target with its share of the inputs, and show how far it is."""
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with ExitStack() as stack:
        targets = open_targets(stack)
        bar = stack.enter_context(Progress(*bars, TimeRemainingColumn(), console=console))
        shares = sum(target.share for target in targets)
        results = []
        until = monotonic()
        for target in targets:
            wanted = -(-inputs * target.share // shares)
            # What one target did not need of its time is the next one's.
            until = max(until, monotonic()) + seconds * target.share / shares
            task = bar.add_task(target.name, total=wanted)
            results.append(
                fuzz(
                    target,
                    Random(f"{seed} {target.name}"),
                    inputs=wanted,
                    until=until,
                    keep=_keeper(target.name),
                    advance=lambda count, task=task: bar.advance(task, count),  # type: ignore[misc]
                )
            )
    return results


def _keeper(name: str) -> Callable[[list[bytes]], None]:
    numbers = iter(range(FINDINGS_KEPT))

    def keep(batch: list[bytes]) -> None:
        folder = FIGURES / f"{name.replace(' ', '-')}-{next(numbers)}"
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(batch):
            (folder / f"{number:03}.bin").write_bytes(data)

    return keep


def _table(results: list[Result]) -> Table:
    table = Table(title="Broken inputs", title_justify="left")
    for name in ("target", "sent", "accepted", "refused", "seconds", "memory", "found"):
        table.add_column(name, justify="left" if name == "target" else "right")
    for one in results:
        table.add_row(
            one.target,
            *(f"{number:,}" for number in (one.sent, one.accepted, one.refused)),
            f"{one.seconds:.1f}",
            f"+{one.growth_bytes / 2**20:.1f} MB",
            str(len(one.findings)),
        )
    return table


def _lines(results: list[Result]) -> Iterator[str]:
    for one in results:
        for finding in one.findings:
            yield f"{one.target}: {finding}"
        if one.growth_bytes > GROWTH_LIMIT_BYTES:
            yield f"{one.target}: the memory grew"


def main() -> int:
    """Fuzz, show what came of it, and keep the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=None, help="a new one by default")
    told = parser.parse_args()
    seed = randbelow(2**32) if told.seed is None else told.seed
    console = Console()
    console.print(f"Seed {seed}: {told.inputs:,} inputs, {told.minutes:g} minutes at the most.")
    results = fuzz_all(told.inputs, told.minutes * 60, seed, console=console)
    console.print(_table(results))
    for line in _lines(results):
        console.print(line, markup=False)
    FIGURES.mkdir(parents=True, exist_ok=True)
    figures = {"seed": seed, "results": [asdict(one) for one in results]}
    (FIGURES / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    sent = sum(one.sent for one in results)
    is_good = all(one.is_good for one in results)
    console.print(f"FUZZ {json.dumps({'seed': seed, 'sent': sent, 'is_good': is_good})}")
    return int(not is_good)


if __name__ == "__main__":
    sys.exit(main())
