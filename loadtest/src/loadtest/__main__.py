"""The commands: `python -m loadtest --storefront URL ...` and `python -m loadtest history ...`."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadtest.crowd import CrowdConfig, CrowdProgress, run_crowd
from loadtest.errors import LoadtestError
from loadtest.history import HistoryConfig, write_history
from loadtest.hosts import add_allow_host
from loadtest.options import add_option, add_people, mischief_of

CONFIGURED = frozenset(field.name for field in fields(CrowdConfig))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code: 0 if nothing unexpected was answered."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["history"]:
            return _history(_history_parser().parse_args(given[1:]))
        return _crowd(_crowd_parser().parse_args(given))
    except LoadtestError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _crowd(options: argparse.Namespace) -> int:
    """Send a crowd to a shop: progress on standard error, the report as JSON on standard output."""
    values: dict[str, Any] = {
        name: value for name, value in vars(options).items() if name in CONFIGURED
    }
    values["allowed_hosts"] = frozenset(options.allowed_hosts)
    values["mischief"] = mischief_of(options)
    report = asyncio.run(run_crowd(CrowdConfig(**values), _show_progress))
    sys.stderr.write("\n")
    sys.stdout.write(json.dumps(report.to_dict(), indent=2) + "\n")
    return 1 if report.total.failures else 0


def _history(options: argparse.Namespace) -> int:
    """Write a generated past into a folder; a summary as JSON on standard output."""
    config = HistoryConfig(
        end=options.end, sessions=options.sessions, days=options.days, seed=options.seed
    )
    with options.products.open(encoding="utf-8") as lines:
        products = [json.loads(line) for line in lines if line.strip()]
    summary = write_history(products, config, options.out)
    sys.stdout.write(json.dumps(vars(summary)) + "\n")
    return 0


def _show_progress(progress: CrowdProgress) -> None:
    line = (
        f"{progress.seconds:5.0f} s  {progress.inside:4} inside  {progress.visits_ended:5} visits"
        f"  {progress.requests:6} requests  {progress.events_accepted:6} events"
        f"  {progress.purchases:4} purchases  {progress.errors:3} errors"
    )
    sys.stderr.write(f"\r{line}" if sys.stderr.isatty() else f"{line}\n")
    sys.stderr.flush()


def _crowd_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest",
        description="Send a crowd of shoppers to a shop. See also: python -m loadtest history -h",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--storefront", required=True, help="base URL of the storefront")
    add_people(parser)
    add_option(parser, "seconds", "how long it takes")
    add_option(parser, "most-visits", "without --rate: how often one person comes at most")
    add_option(parser, "concurrency", "without --rate: how many visits go on at once")
    parser.add_argument("--max-requests", type=int, help="after so many everybody leaves")
    add_allow_host(parser)
    return parser


def _history_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest history",
        description="Write a generated past of the shop, as its landing zone keeps events.",
    )
    parser.add_argument("--products", type=Path, required=True, help="JSON lines, one product each")
    parser.add_argument("--sessions", type=int, default=5000, help="how many sessions")
    parser.add_argument("--days", type=int, default=14, help="over how many days")
    parser.add_argument("--end", type=_instant, required=True, help="when it ends (ISO 8601)")
    parser.add_argument("--seed", type=int, default=1, help="from which all of it follows")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")
    return parser


def _instant(text: str) -> datetime:
    """Read an instant; one without a zone is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
