"""The board: what the shop does now, for a terminal."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.observe.scrape import WORKERS, Snapshot, Window, window

BUSIEST_ROUTES = 4
_NOT_OF_SHOPPERS = ("/metrics", "/ready", "/health")
_NOTHING = "[dim]-[/]"


def board(after: Snapshot, before: Snapshot | None, began: datetime) -> RenderableType:
    """Return the board of what happened since `before`, or since the shop was started."""
    windows = {name: window(name, after, before, began) for name in after.values}
    since = began if before is None else before.at
    return Group(
        _headline(after.at, began, after.at - since),
        _services(windows),
        _pair(_events(windows), _picks(windows.get("recommender"))),
        _pair(_flow(windows), _lake(windows.get(WORKERS), after.at)),
    )


def _headline(now: datetime, began: datetime, window: timedelta) -> Text:
    is_all = abs((now - began) - window) < timedelta(seconds=1)
    span = "since the start" if is_all else f"of the last {window.total_seconds():.0f} s"
    up = str(now - began).split(".", 1)[0]
    return Text(f"Fashion store, up {up}; rates and percentiles {span}.", style="bold")


def _pair(left: RenderableType, right: RenderableType) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_row(left, right)
    return grid


def _services(windows: Mapping[str, Window | None]) -> Table:
    table = _table("service, busiest routes", "requests/s", "errors 5xx", "4xx", "p50", "p99")
    for name, seen in windows.items():
        if name == WORKERS:
            continue
        if seen is None:
            table.add_row(f"[bold]{name}[/]", "[red]no answer[/]")
            continue
        routes = seen.grown_by("http_requests_total", "route")
        for route in _NOT_OF_SHOPPERS:
            routes.pop(route, None)
        table.add_row(f"[bold]{name}[/]", *_red(seen, routes))
        busiest = sorted(routes, key=lambda route: (-routes[route], route))[:BUSIEST_ROUTES]
        for route in busiest:
            if routes[route]:
                table.add_row(f"  {route}", *_red(seen, {route: routes[route]}))
    return table


def _red(seen: Window, routes: Mapping[str, float]) -> Iterator[str]:
    """Yield rate, errors and durations of the routes together."""
    count = sum(routes.values())
    yield f"{count / seen.seconds:,.1f}"
    for family in ("5", "4"):
        ended = sum(
            seen.grown("http_requests_total", route=route, status=status)
            for route in routes
            for status in seen.grown_by("http_requests_total", "status")
            if status.startswith(family)
        )
        share = ended / count if count else 0
        colour = "red" if family == "5" and ended else ""
        yield f"[{colour}]{share:.1%}[/]" if colour else f"{share:.1%}"
    for quantile in (0.5, 0.99):
        yield _milliseconds(seen.quantile("http_request_seconds", quantile, "route", routes))


def _events(windows: Mapping[str, Window | None]) -> Table:
    table = _table("events", "in all", "per s", title="Events by verdict")
    storefront, workers = windows.get("storefront"), windows.get(WORKERS)
    if storefront is not None:
        for verdict, grown in sorted(storefront.grown_by("events_total", "verdict").items()):
            total = storefront.now("events_total", verdict=verdict) or 0
            table.add_row(verdict, f"{total:,.0f}", f"{grown / storefront.seconds:,.1f}")
    if workers is not None:
        outcomes = workers.grown_by("interactions_total", "outcome")
        for outcome, grown in outcomes.items():
            total = workers.now("interactions_total", outcome=outcome) or 0
            name = f"in picks: {outcome}"
            table.add_row(name, f"{total:,.0f}", f"{grown / workers.seconds:,.1f}")
    return table


def _picks(seen: Window | None) -> Table:
    table = _table("first pick from", "answers", "share", title="Picks by source")
    if seen is not None:
        sources = seen.grown_by("picks_answers_total", "source")
        everything = sum(sources.values())
        for source, count in sources.items():
            share = f"{count / everything:.1%}" if everything else _NOTHING
            table.add_row(source, f"{count:,.0f}", share)
    return table


def _flow(windows: Mapping[str, Window | None]) -> Table:
    table = _table("figure", "now", title="On the way")
    seen, storefront = windows.get(WORKERS), windows.get("storefront")
    if seen is None:
        return table
    for share in (0.5, 0.95, 0.99):
        wait = _milliseconds(seen.quantile("click_to_pick_seconds", share))
        table.add_row(f"click to pick, p{share * 100:.0f}", wait)
    table.add_row("iterator age", _seconds(seen.now("iterator_age_seconds")))
    table.add_row("outbox: rows waiting", _count(seen.now("outbox_rows_waiting")))
    table.add_row("outbox: lag", _seconds(seen.now("outbox_lag_seconds")))
    read, there = seen.now("delivery_records_read_total"), seen.now("delivery_records_total")
    waiting = None if read is None or there is None else read - there
    table.add_row("not in the landing zone", _count(waiting))
    table.add_row("records given up", _count(seen.now("event_source_given_up_total")))
    spooled = None if storefront is None else storefront.now("events_spool_bytes")
    table.add_row("bytes on disk", _count(spooled))
    return table


def _lake(seen: Window | None, now: datetime) -> Table:
    table = _table("rows, times", "last load", title="Lake and jobs")
    if seen is None:
        return table
    until = seen.now("export_loaded_until_timestamp_seconds")
    if until is not None:
        table.add_row("loaded until", f"{datetime.fromtimestamp(until, UTC):%d %b %H:%M} UTC")
        table.add_row("lag", f"{(now.timestamp() - until) / 3600:,.1f} h")
        table.add_row("seconds", _seconds(seen.now("export_seconds")))
        table.add_row("days not loaded", _count(seen.now("export_failed_days")))
    for name, rows in seen.by("export_rows", "table").items():
        table.add_row(name, f"{rows:,.0f}")
    for job, succeeded in seen.by("job_last_run_succeeded", "job").items():
        ended = seen.now("job_last_run_timestamp_seconds", job=job) or 0
        outcome = "succeeded" if succeeded else "[red]failed[/]"
        table.add_row(f"job {job}", f"{_ago(now, ended)}, {outcome}" if ended else "not run yet")
    return table


def _table(first: str, *others: str, title: str | None = None) -> Table:
    # Without frames it fits on a terminal of 40 lines.
    table = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _milliseconds(seconds: float | None) -> str:
    return _NOTHING if seconds is None else f"{seconds * 1000:,.1f} ms"


def _seconds(seconds: float | None) -> str:
    return _NOTHING if seconds is None else f"{seconds:,.2f} s"


def _count(number: float | None) -> str:
    return _NOTHING if number is None else f"{number:,.0f}"


def _ago(now: datetime, instant: float) -> str:
    return f"{timedelta(seconds=round(now.timestamp() - instant))} ago"


def nothing_up() -> Panel:
    """Return what is shown while no shop runs."""
    return Panel("No shop is up. `make up` or `make demo` starts one.")
