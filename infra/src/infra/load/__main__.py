"""`python -m infra.load`: load a shop as many people do who do not wait for one another.

Exit code 0: every objective and every promise was kept; 1: one was not; 2: the load did not run.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console

from fashion_kit.clock import utc_now
from infra.demo.closing import NO_GRACE
from infra.demo.reconcile import Check
from infra.demo.run import Demo
from infra.demo.settings import DemoSettings
from infra.demo.summary import as_figure, show_checks, show_crowd
from infra.load.figures import OF_OWN_SHOP, figures_of_own_shop
from infra.load.past import PastNotRememberedError, remember
from infra.load.settings import LoadSettings
from infra.local.event_source.function import LambdaFunction
from infra.local.paths import BUILD
from infra.local.processes import ProcessError, end_by_interrupt
from infra.local.progress import Steps
from infra.local.scratch import scratch_folder
from infra.local.stack import Stack, StackConfig
from loadtest.crowd import CrowdConfig, CrowdProgress, run_crowd
from loadtest.errors import LoadtestError
from loadtest.flash import NEVER_ASKED
from loadtest.hosts import add_allow_host
from loadtest.page import LoadReport, Promise, page_of
from loadtest.personas import browser_id_of
from loadtest.reports import CrowdReport
from loadtest.slo import DEFAULT_FILE, Objective, judge, read_objectives

RESULTS = BUILD / "loadtest"
REASONS_NOT_TO_RUN = (
    LoadtestError, PastNotRememberedError, ProcessError, TimeoutError, ValidationError
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the load test and write its report; return the exit code."""
    options = _parser().parse_args(arguments)
    end_by_interrupt()
    console = Console()
    try:
        settings = LoadSettings(**_given(options))
        visits = settings.rate * settings.minutes * 60
        if visits > settings.most_visits:
            raise LoadtestError(
                f"{visits:,.0f} visits are more than LOADTEST_MOST_VISITS, {settings.most_visits:,}"
            )
        objectives = objectives_of(settings, options.slo)
        run = _of_running_shop if options.storefront else _of_own_shop
        report = run(console, settings, objectives, options)
    except REASONS_NOT_TO_RUN as error:
        console.print(error, style="red", markup=False)
        return 2
    except KeyboardInterrupt:
        return 2
    _write(report)
    _show(console, report)
    return 0 if report.is_kept else 1


def objectives_of(settings: LoadSettings, file: Path) -> list[Objective]:
    """Read the objectives; in a sale, those of what nobody asks then are left out."""
    found = read_objectives(file)
    if not settings.sale_products:
        return found
    return [each for each in found if NEVER_ASKED.isdisjoint(each.path)]


def _of_own_shop(
    console: Console, settings: LoadSettings, objectives: list[Objective], _: argparse.Namespace
) -> LoadReport:
    """Load a shop that is started for it, then compare books and lake as the demo does."""
    with scratch_folder("loadtest", logs=RESULTS / "logs") as folder:
        steps = Steps(console)
        with Stack(StackConfig(folder, overrides=NO_GRACE), steps) as stack:
            addresses = stack.url_of("storefront"), stack.url_of("recommender")
            crowd = _crowd(settings, *addresses, frozenset())
            with steps.step("Past: who was there without logging in is remembered"):
                crowd = replace(crowd, known_browsers=_remember(stack, settings))
            began = utc_now()
            outcome = Demo(stack, steps, DemoSettings(), crowd=crowd).run()
            with steps.step("Figures: bad events kept, late events by day"):
                figures = figures_of_own_shop(stack, outcome, began, utc_now())
    show_crowd(console, outcome.crowd)
    show_checks(console, outcome.checks)
    promises = [_promise(check) for check in outcome.promises]
    return _report(settings, outcome.crowd, objectives, figures, promises)


def _remember(stack: Stack, settings: LoadSettings) -> frozenset[str]:
    """Bring the past of those who may come to the recommender; return their browsers."""
    resources = stack.environments.resources
    function = LambdaFunction(stack.aws.client("lambda"), resources.interactions_function)
    browsers = {browser_id_of(settings.people_seed, number) for number in range(settings.shoppers)}
    return remember(stack.aws.client("s3"), resources.landing_bucket, function, browsers)


def _of_running_shop(
    console: Console,
    settings: LoadSettings,
    objectives: list[Objective],
    options: argparse.Namespace,
) -> LoadReport:
    """Load a shop that runs already; its books are not ours to look into."""
    crowd = _crowd(
        settings, options.storefront, options.recommender, frozenset(options.allowed_hosts)
    )
    with Steps(console).progress("Shoppers come") as show:

        def on_progress(now: CrowdProgress) -> None:
            words = f"{now.inside} inside, {now.requests:,} requests, {now.errors} errors"
            show(min(now.seconds / crowd.seconds, 1), words)

        came = asyncio.run(run_crowd(crowd, on_progress))
    show_crowd(console, came)
    told = [each for each in objectives if each.path[0] not in OF_OWN_SHOP]
    return _report(settings, came, told, {}, [])


def _crowd(
    settings: LoadSettings, storefront: str, recommender: str | None, allowed: frozenset[str]
) -> CrowdConfig:
    shared = (
        "shoppers", "rate", "think_scale", "eagerness", "anonymous_share", "control_share",
        "sale_products",
    )  # fmt: skip
    return CrowdConfig(
        storefront=storefront,
        recommender=recommender,
        seconds=settings.minutes * 60,
        seed=settings.people_seed,
        max_visits=settings.most_visits,
        mischief=settings.mischief,
        allowed_hosts=allowed,
        **{name: getattr(settings, name) for name in shared},
    )


def _report(
    settings: LoadSettings,
    came: CrowdReport,
    objectives: list[Objective],
    of_own_shop: Mapping[str, Any],
    promises: list[Promise],
) -> LoadReport:
    figures = {**came.to_dict(), **of_own_shop, "settings": settings.model_dump(mode="json")}
    sale = f", a sale of {settings.sale_products} products" if settings.sale_products else ""
    title = f"{settings.rate:g} visits a second for {settings.minutes:g} minutes{sale}"
    return LoadReport(title, figures, judge(objectives, figures), promises)


def _promise(check: Check) -> Promise:
    return Promise(check.what, as_figure(check.left), as_figure(check.right), check.holds)


def _write(report: LoadReport) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "report.html").write_text(page_of(report), encoding="utf-8")
    (RESULTS / "report.json").write_text(json.dumps(report.to_dict(), indent=2) + "\n")


def _show(console: Console, report: LoadReport) -> None:
    for each in report.judged:
        mark = "[green]✓[/]" if each.is_kept else "[red]✗[/]"
        measured = "not measured" if each.measured is None else as_figure(each.measured)
        limit = as_figure(each.objective.at_most)
        console.print(f"  {mark} {each.objective.what}: {measured}, at most {limit}")
    verdict = "[green]kept[/]" if report.is_kept else "[red]not kept[/]"
    console.print(f"Objectives and promises were {verdict}. {RESULTS / 'report.html'}")
    print(_line(report))  # noqa: T201 - the last line is for machines: no styling, no wrapping


def _line(report: LoadReport) -> str:
    """Return the figures that compare runs at different rates."""
    figures = {"rate": report.figures["settings"]["rate"], **report.figures["throughput"]}
    return f"LOADTEST {json.dumps({'kept': report.is_kept, **figures})}"


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the command line says; the rest is the environment's, or as ever."""
    names = ("shoppers", "rate", "minutes", "seed", "sale_products")
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.load", description=__doc__)
    parser.add_argument("--shoppers", type=int, help="out of how many people visitors are drawn")
    parser.add_argument("--rate", type=float, help="visits that begin in a second")
    parser.add_argument("--minutes", type=float, help="for how long they begin")
    parser.add_argument("--seed", type=int, help="who comes when, and what they do")
    parser.add_argument("--sale-products", type=int, help="how many products a flash sale is of")
    parser.add_argument("--slo", type=Path, default=DEFAULT_FILE, help="the objectives")
    parser.add_argument("--storefront", help="a shop that runs already, instead of one of our own")
    parser.add_argument("--recommender", help="its recommender")
    add_allow_host(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
