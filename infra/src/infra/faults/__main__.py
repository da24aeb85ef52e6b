"""`python -m infra.faults [NAME]`: break the running shop in every way; nothing may be lost."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from fashion_kit.logs import configure
from infra.demo.closing import NO_GRACE
from infra.faults import report
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
    """Start a shop, run the scenarios on it in their order, and stop it."""
    steps = Steps(console)
    results = []
    with scratch_folder("faults", logs=LOGS) as folder:
        config = StackConfig(folder, overrides=OVERRIDES)
        with Stack(config, steps) as stack:
            shop = GatedShop(stack, settings)
            with shop.behind_gates():
                faults = Faults(shop, steps, settings)
                for scenario in scenarios:
                    results.append(faults.run(scenario))
                    report.show(console, results[-1])
    return results


if __name__ == "__main__":
    sys.exit(main())
