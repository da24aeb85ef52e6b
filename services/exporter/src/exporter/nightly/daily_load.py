"""The night: one business day goes from the shop's database and the landing zone into the lake."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from exporter.books import clean
from exporter.books.snapshot import LockedSource, Snapshot, Source
from exporter.errors import BadDayError, DayNotBegunError
from exporter.events.intake import IntakeCounts
from exporter.events.stage import EventStage
from exporter.lake.iceberg import Lake
from exporter.lake.staging import StagedTable
from exporter.nightly.ledger import Ledger, Run, RunState
from exporter.nightly.reconcile import reconcile, written_totals
from exporter.nightly.report import LoadReport
from exporter.privacy import Pseudonyms
from fashion_contracts.lake import PRODUCTS, PURCHASE_LINES, PURCHASES, USERS
from fashion_kit.clock import Clock, day_interval, day_of
from fashion_kit.errors import ShopError
from fashion_kit.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class Rules:
    """What a day is, and how long we wait for its events."""

    timezone: ZoneInfo
    delivery_grace: timedelta


@dataclass(frozen=True)
class DailyLoad:
    """Loads business days; a day loaded again is replaced, with the same rows."""

    source: Source
    events: EventStage
    lake: Lake
    ledger: Ledger
    pseudonyms: Pseudonyms
    rules: Rules
    clock: Clock
    pause: Callable[[float], None]
    on_step: Callable[[str], None]
    """Told of each step before it is taken: for progress, and for tests that end it there."""

    def run(self, day: date) -> LoadReport:
        """Load the day, or raise and leave the lake's day as it was."""
        start, end = day_interval(day, self.rules.timezone)
        if start > self.clock():
            raise DayNotBegunError(day)
        self.on_step("wait for the lock")
        with self.source.locked() as source:
            run = self.ledger.start(day)
            log.info("load_started", run_id=run.id, business_day=str(day))
            try:
                report = self._load(run, source, start, end)
            except Exception as error:
                log.error("load_failed", run_id=run.id, error=type(error).__name__)  # noqa: TRY400
                self.ledger.end(run, RunState.FAILED, _reason(error))
                raise
            self.on_step("write the ledger")
            self.ledger.end(run, RunState(report.state), report.to_dict())
        log.info("load_ended", run_id=run.id, state=report.state, seconds=report.seconds)
        return report

    def _load(self, run: Run, source: LockedSource, start: datetime, end: datetime) -> LoadReport:
        state = RunState.LOADED if run.started_at >= end else RunState.PARTIAL
        with source.snapshot(run.day, (start, end)) as snapshot:
            staged = self._stage_books(snapshot, run.day)
        self._wait_for_deliveries(end)
        events, intake = self._stage_events(run.day)
        staged.extend(events)
        self.on_step("reconcile")
        written = written_totals(staged)
        reconcile(snapshot.totals | intake.totals(), written)
        snapshots = {table.definition.name: self._publish(table, run) for table in staged}
        seconds = (self.clock() - run.started_at).total_seconds()
        return LoadReport(run.day, run.id, state.value, written, intake, snapshots, seconds)

    def _stage_books(self, snapshot: Snapshot, day: date) -> list[StagedTable]:
        """Stage what the database holds, in the order in which it is published."""
        keys = self.pseudonyms
        self.on_step("stage products")
        products = self.lake.stage(PRODUCTS, map(clean.products, snapshot.products()), day)
        self.on_step("stage users")
        cleaned = (clean.users(page, keys) for page in snapshot.users())
        users = self.lake.stage(USERS, cleaned, day)
        self.on_step("stage purchases")
        with (
            self.lake.staging(PURCHASES, day) as purchases,
            self.lake.staging(PURCHASE_LINES, day) as lines,
        ):
            for page, page_lines in snapshot.purchases():
                bought = clean.purchases(page, page_lines, keys, day)
                purchases.write(bought)
                lines.write(clean.purchase_lines(page_lines, bought, day))
        return [products, users, purchases.staged, lines.staged]

    def _stage_events(self, day: date) -> tuple[list[StagedTable], IntakeCounts]:
        self.on_step("stage events")
        return self.events.stage(day)

    def _wait_for_deliveries(self, end: datetime) -> None:
        """Wait for the day's last events if it has only just ended: they are still on their way."""
        now = self.clock()
        if end <= now < end + self.rules.delivery_grace:
            self.on_step("wait for the last deliveries")
            self.pause((end + self.rules.delivery_grace - now).total_seconds())

    def _publish(self, table: StagedTable, run: Run) -> int | None:
        self.on_step(f"publish {table.definition.name}")
        origin = {"fashion.run-id": run.id, "fashion.business-day": str(run.day)}
        return self.lake.publish(table, origin)


def requested_day(value: str | None, *, name: str, now: datetime, timezone: ZoneInfo) -> date:
    """Return the day that was asked for by `name`; without one, yesterday in the timezone."""
    if value is None:
        return day_of(now, timezone) - timedelta(days=1)
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadDayError(name, value) from None
    # Python reads other ISO 8601 spellings too; a day has one name here.
    if day.isoformat() != value:
        raise BadDayError(name, value)
    return day


def _reason(error: Exception) -> dict[str, str]:
    """Return why it failed; only our own sentences are known to name nobody."""
    detail = error.detail if isinstance(error, ShopError) else ""
    return {"error": type(error).__name__, "detail": detail}
