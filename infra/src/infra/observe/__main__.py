"""`python -m infra.observe [--once] | serve | traces`: the running shop, seen or scraped."""

import argparse
import sys
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from rich.console import Console, RenderableType
from rich.live import Live

from fashion_kit.clock import utc_now
from infra.local.paths import LOCAL, SHOP
from infra.local.processes import end_by_interrupt
from infra.local.state import StackState
from infra.observe.board import board, nothing_up
from infra.observe.collector import collecting
from infra.observe.endpoint import scrape_endpoint
from infra.observe.scrape import Snapshot, snapshot
from infra.observe.settings import ObserveSettings
from infra.observe.trace_tree import trace_tree


def main() -> int:
    """Show the board or serve the figures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.observe", description=__doc__)
    parser.add_argument("--once", action="store_true", help="print the board once, and end")
    parser.add_argument("--folder", type=Path, help="the shop's state; by default what runs")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve the figures of workers, relay and exporter")
    commands.add_parser("traces", help="take the traces of a shop, and show each as a tree")
    arguments = parser.parse_args()
    end_by_interrupt()
    settings, console = ObserveSettings(), Console()
    with suppress(KeyboardInterrupt):
        if arguments.command == "serve":
            serve(settings, console)
        elif arguments.command == "traces":
            show_traces(settings, console)
        elif arguments.once:
            return show_once(console, arguments.folder)
        else:
            show(settings, console, arguments.folder)
    return 0


def serve(settings: ObserveSettings, console: Console) -> None:
    """Serve the figures of every process without a port, until SIGTERM."""
    folders = settings.state_folder, settings.textfile_folder
    with scrape_endpoint(*folders, host=settings.host, port=settings.port) as url:
        console.print(f"Prometheus may scrape {url}", highlight=False)
        Event().wait()


def show_traces(settings: ObserveSettings, console: Console) -> None:
    """Show each trace as soon as it seems to be whole, until Ctrl-C."""
    with collecting(host=settings.host, port=settings.otlp_port) as (collector, url):
        console.print(f"Start the shop with LOCAL_OTLP_ENDPOINT={url}", highlight=False)
        while True:
            Event().wait(settings.interval_seconds)
            for trace_id in collector.settled(utc_now().timestamp() - settings.settle_seconds):
                console.print(trace_tree(collector.trace(trace_id)))
                collector.forget(trace_id)


def show_once(console: Console, folder: Path | None) -> int:
    """Print what happened since the shop was started; return 1 if none runs."""
    shop = running_shop(folder)
    seen = None if shop is None else snapshot(shop, clock=utc_now)
    if shop is None or seen is None or (began := _began(shop)) is None:
        console.print(nothing_up())
        return 1
    console.print(board(seen, None, began))
    return 0


def show(settings: ObserveSettings, console: Console, folder: Path | None) -> None:
    """Draw the board again and again, until Ctrl-C."""
    watch = Watch(timedelta(seconds=settings.window_seconds))
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        while True:
            live.update(watch.look(running_shop(folder)), refresh=True)
            Event().wait(settings.interval_seconds)


class Watch:
    """Remembers as many snapshots as the window is long."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._seen: deque[Snapshot] = deque()
        self._began: datetime | None = None

    def look(self, shop: Path | None) -> RenderableType:
        """Return the board of this moment."""
        seen = None if shop is None else snapshot(shop, clock=utc_now)
        began = None if shop is None else _began(shop)
        if seen is None or began is None:
            return nothing_up()
        if began != self._began:
            # Another shop, or the same one started anew: what was seen before counts no more.
            self._seen.clear()
            self._began = began
        while len(self._seen) > 1 and self._seen[1].at <= seen.at - self._window:
            self._seen.popleft()
        before = self._seen[0] if self._seen else None
        self._seen.append(seen)
        return board(seen, before, began)


def running_shop(folder: Path | None) -> Path | None:
    """Return the folder asked for, or that of the shop that runs, else that of a demo that does."""
    candidates = [SHOP, *sorted(LOCAL.glob("demo-*"))] if folder is None else [folder]
    return next((one for one in candidates if StackState.read(one) is not None), None)


def _began(shop: Path) -> datetime | None:
    state = StackState.read(shop)
    return None if state is None else state.started_at


if __name__ == "__main__":
    sys.exit(main())
