"""`python -m infra.faults [NAME]`: break the running shop in every way; nothing may be lost."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from rich.console import Console

from fashion_kit.logs import configure
from infra.demo.closing import NO_GRACE
from infra.faults import report
from infra.faults.kinesis_local import KinesisLocal, NotInstalledError
from infra.faults.runner import Faults, Result
from infra.faults.scenarios import SCENARIOS, Scenario
from infra.faults.settings import FaultsSettings
from infra.faults.shop import GatedShop
from infra.local.paths import BUILD, ROOT
from infra.local.processes import end_by_interrupt
from infra.local.progress import Steps
from infra.local.scratch import scratch_folder
from infra.local.stack import Stack, StackConfig

LOGS = BUILD / "faults/logs"
PAGE = ROOT / "docs/reliability.md"
# Else nothing would be delivered while a fault lasts.
OVERRIDES = NO_GRACE | {"DELIVERY_BUFFER_SECONDS": "2"}
# What waits on a parent takes many batches, so who does not wait for it comes before its last.
SMALL_BATCHES = {"EVENT_SOURCE_BATCH_SIZE": "5"}


def main() -> int:
    """Run all scenarios or the one that is named; return 1 if a promise broke."""
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m infra.faults", description=__doc__)
    parser.add_argument("name", nargs="?", choices=names, help="the one fault to inject")
    only = parser.parse_args().name
    end_by_interrupt()
    # The replay meets the poison again, and would warn of it after each fault.
    configure("ERROR", "console", service="faults")
    console = Console()
    chosen = [scenario for scenario in SCENARIOS if only in (None, scenario.name)]
    results = run(console, chosen, FaultsSettings())
    report.write(PAGE, results, names)
    return 0 if all(result.holds for result in results) else 1


def run(console: Console, scenarios: Sequence[Scenario], settings: FaultsSettings) -> list[Result]:
    """Run the scenarios in their order; those on kinesis-local have a shop of their own."""
    results = []
    for is_on_kinesis_local in (False, True):
        chosen = [one for one in scenarios if one.is_on_kinesis_local is is_on_kinesis_local]
        try:
            results += _run_on_one_shop(console, chosen, settings) if chosen else []
        except NotInstalledError as error:
            for scenario in chosen:
                results.append(Result.not_possible(scenario, error))
                report.show(console, results[-1])
    return results


def _run_on_one_shop(
    console: Console, scenarios: Sequence[Scenario], settings: FaultsSettings
) -> list[Result]:
    """Start a shop, run the scenarios on it in their order, and stop it."""
    steps = Steps(console)
    is_on_kinesis_local = scenarios[0].is_on_kinesis_local
    logs = LOGS / "kinesis-local" if is_on_kinesis_local else LOGS
    overrides = OVERRIDES | SMALL_BATCHES if is_on_kinesis_local else OVERRIDES
    results = []
    with ExitStack() as running:
        folder = running.enter_context(scratch_folder("faults", logs=logs))
        streams = running.enter_context(KinesisLocal(folder)) if is_on_kinesis_local else None
        stack = running.enter_context(Stack(StackConfig(folder, overrides=overrides), steps))
        shop = GatedShop(stack, settings, streams)
        running.enter_context(shop.behind_gates())
        faults = Faults(shop, steps, settings)
        for scenario in scenarios:
            results.append(faults.run(scenario))
            report.show(console, results[-1])
    return results


if __name__ == "__main__":
    sys.exit(main())
