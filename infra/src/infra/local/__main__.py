"""`python -m infra.local up | down | status | reset | run`: the shop on this machine, to stay."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.local.command import PROCESSES, ShopNotUpError, run_command
from infra.local.paths import SHOP
from infra.local.processes import end_by_interrupt
from infra.local.progress import Steps
from infra.local.schedule.status import ScheduleStatus
from infra.local.schedule.table import schedule_table
from infra.local.services import answers_ready
from infra.local.stack import Stack, StackConfig
from infra.local.state import ProcessState, StackState

FOLDER = SHOP
STOP_SECONDS = 60
MEBIBYTE = 1024 * 1024


def main() -> int:
    """Run the command named on the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up_command = commands.add_parser("up", help="start the shop and stay")
    up_command.add_argument("--catalogue", type=Path, help="a styles.csv for a new shop")
    commands.add_parser("down", help="stop it; its state is kept")
    commands.add_parser("status", help="say what runs where, and whether it is healthy")
    commands.add_parser("reset", help="stop it and empty its state")
    run_parser = commands.add_parser("run", help="run a service's command in the running shop")
    run_parser.add_argument("service", choices=PROCESSES)
    run_parser.add_argument("arguments", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    console = Console()
    match arguments.command:
        case "up":
            return up(console, arguments.catalogue)
        case "down":
            return down(console)
        case "status":
            return status(console)
        case "run":
            return run(console, arguments.service, arguments.arguments)
        case _:
            return reset(console)


def up(console: Console, catalogue: Path | None) -> int:
    """Start the shop, say where it is, and stay until Ctrl-C, SIGTERM or `down`."""
    if (state := StackState.read(FOLDER)) is not None:
        console.print(f"The shop is already up (supervisor {state.supervisor.pid}).")
        return status(console)
    end_by_interrupt()
    with suppress(KeyboardInterrupt):
        with Stack(StackConfig(FOLDER, catalogue=catalogue), Steps(console)) as stack:
            console.print(f"\n  storefront   {stack.url_of('storefront')}/docs")
            console.print(f"  recommender  {stack.url_of('recommender')}/docs")
            console.print(f"  logs         {FOLDER / 'logs'}\n\n  Ctrl-C or `make down` stops it.")
            stack.supervise()
    console.print("The shop is down; its state is kept.")
    return 0


def down(console: Console) -> int:
    """Stop the shop and wait until it is down."""
    state = StackState.read(FOLDER)
    if state is None:
        console.print("The shop is not up.")
        return 0
    with console.status("Stopping ..."):
        if (supervisor := state.supervisor.process()) is not None:
            supervisor.terminate()
            supervisor.wait(STOP_SECONDS)
    console.print("The shop is down; its state is kept.")
    return 0


def status(console: Console) -> int:
    """Show what runs where; the exit code is 1 unless everything is healthy."""
    state = StackState.read(FOLDER)
    if state is None:
        console.print("The shop is not up.")
        return 1
    table = Table("process", "pid", "address", "memory", "health")
    healths = [_health(process) for process in state.processes]
    for process, health in zip(state.processes, healths, strict=True):
        memory = f"{process.memory_bytes() / MEBIBYTE:,.0f} MB"
        colour = "green" if health == "healthy" else "red"
        address = process.url or (f"127.0.0.1:{process.port}" if process.port else "")
        table.add_row(process.name, str(process.pid), address, memory, f"[{colour}]{health}[/]")
    console.print(table)
    if (schedule := ScheduleStatus.read(FOLDER / "schedule")) is not None:
        console.print(schedule_table(schedule))
    total = sum(process.memory_bytes() for process in state.processes)
    console.print(f"  up since {state.started_at:%Y-%m-%d %H:%M} UTC, {total / MEBIBYTE:,.0f} MB")
    return 0 if all(health == "healthy" for health in healths) else 1


def reset(console: Console) -> int:
    """Stop the shop and empty its state."""
    down(console)
    shutil.rmtree(FOLDER, ignore_errors=True)
    console.print("The shop's state is empty.")
    return 0


def run(console: Console, service: str, arguments: Sequence[str]) -> int:
    """Run a service's command in the running shop; return its exit code."""
    try:
        return run_command(FOLDER, service, arguments)
    except ShopNotUpError as error:
        console.print(str(error))
        return 1


def _health(process: ProcessState) -> str:
    if process.process() is None:
        return "not running"
    if process.url is None or process.name == "aws" or answers_ready(process.url):
        return "healthy"
    return "not ready"


if __name__ == "__main__":
    sys.exit(main())
