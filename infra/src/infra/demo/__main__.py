"""`python -m infra.demo`: run the whole pipeline once, show what came out, and stop everything."""

import argparse
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console

from infra.demo.closing import NO_GRACE
from infra.demo.follow import PERSON
from infra.demo.run import Demo, Outcome
from infra.demo.settings import DemoSettings
from infra.demo.summary import show_answer, show_checks, show_crowd, show_story
from infra.local.paths import BUILD
from infra.local.processes import end_by_interrupt
from infra.local.progress import Steps
from infra.local.scratch import scratch_folder
from infra.local.stack import Stack, StackConfig

RESULTS = BUILD / "demo"


def main() -> int:
    """Run the demo; return 0 if everything that must hold holds."""
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description=__doc__)
    parser.add_argument("--catalogue", type=Path, help="a styles.csv to sell")
    catalogue = parser.parse_args().catalogue
    end_by_interrupt()
    console = Console()
    began = perf_counter()
    console.rule("[bold]A day at the fashion store")
    with scratch_folder("demo", logs=RESULTS / "logs") as folder:
        config = StackConfig(folder, catalogue=catalogue, overrides=NO_GRACE)
        with Stack(config, steps := Steps(console)) as stack:
            outcome = Demo(stack, steps, DemoSettings()).run()
    _show(console, outcome)
    summary = outcome.summary(seconds=round(perf_counter() - began, 1))
    summary.write(RESULTS / "summary.json")
    print(summary.line())  # noqa: T201 - the last line is for machines: no styling, no wrapping
    return 0 if summary.ok else 1


def _show(console: Console, outcome: Outcome) -> None:
    console.rule("[bold]What came of it")
    show_crowd(console, outcome.crowd)
    show_story(console, f"{PERSON['first_name']} {PERSON['last_name']}", outcome.story)
    for question, result in outcome.answers:
        show_answer(console, question, result)
    show_checks(console, outcome.checks)


if __name__ == "__main__":
    sys.exit(main())
