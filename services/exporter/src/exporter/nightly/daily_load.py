"""The night: one business day goes from the shop's database and the landing zone into the lake."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from exporter.books import clean
from exporter.books.snapshot import LockedSource, Snapshot, Source
from exporter.errors import DayNotBegunError, QualityError, ReconciliationError
from exporter.events.intake import IntakeCounts
from exporter.events.stage import EventStage
from exporter.lake.erasure import Erasures
from exporter.lake.iceberg import Lake
from exporter.lake.staging import StagedTable
from exporter.nightly.lease import Lease
from exporter.nightly.ledger import LatestRun, Ledger, Run, RunState
from exporter.nightly.progress import Pace, Progress
from exporter.nightly.reconcile import reconcile, written_totals
from exporter.nightly.report import LoadReport
from exporter.privacy import Pseudonyms
from exporter.quality.gate import Gate
from exporter.quality.rules import Interval
from fashion_contracts.lake import PRODUCTS, PURCHASE_LINES, PURCHASES, USERS
from fashion_kit.clock import Clock, day_interval
from fashion_kit.errors import ShopError
from fashion_kit.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class Rules:
    """What a day is, and how long we wait for its events."""

    timezone: ZoneInfo
    delivery_grace: timedelta


class Checked(NamedTuple):
    """What is known of a day's rows that may be published."""

    totals: dict[str, Decimal]
    intake: IntakeCounts
    fingerprint: str


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
    on_pace: Callable[[Pace], None]
    """Told how far a table's rows are, each time some have passed."""

    def run(self, day: date) -> LoadReport:
        """Load the day, or raise and leave the lake's day as it was."""
        start, end = day_interval(day, self.rules.timezone)
        if start > self.clock():
            raise DayNotBegunError(day)
        known = self.ledger.latest_run(day)
        self.on_step("wait for the lock")
        with self.source.locked() as source:
            if (other := self._loaded_since(known, day)) is not None:
                log.info("load_spared", run_id=other.run_id, business_day=str(day))
                return other
            run = self.ledger.start(day)
            log.info("load_started", run_id=run.id, business_day=str(day))
            try:
                report = self._load(run, source, Interval(start, end))
            except Exception as error:
                log.error("load_failed", run_id=run.id, error=type(error).__name__)  # noqa: TRY400
                self.ledger.end(run, RunState.FAILED, _reason(error))
                raise
            self.on_step("write the ledger")
            self.ledger.end(run, RunState(report.state), report.to_dict())
        log.info(
            "load_ended",
            run_id=run.id,
            state=report.state,
            seconds=report.seconds,
            rows=sum(report.rows.values()),
            lag_seconds=(self.clock() - end).total_seconds(),
        )
        return report

    def _loaded_since(self, known: LatestRun | None, day: date) -> LoadReport | None:
        """Return what a run did that began after the known one: it saw all that we would see."""
        latest = self.ledger.latest_run(day)
        if latest is None or latest.state is not RunState.LOADED:
            return None
        if known is not None and known.id == latest.id:
            return None
        return LoadReport.of_another_run(self.ledger.details(latest))

    def _load(self, run: Run, source: LockedSource, day: Interval) -> LoadReport:
        state = RunState.LOADED if run.started_at >= day.end else RunState.PARTIAL
        staged: list[StagedTable] = []
        try:
            checked = self._stage(run, source, day, staged)
        except (QualityError, ReconciliationError) as error:
            self.on_step("quarantine")
            files = [file.file_path for table in staged for file in table.files]
            self.ledger.quarantine(run, error.broken, files)
            raise
        lease = Lease(source.connection)
        snapshots = {table.definition.name: self._publish(table, run, lease) for table in staged}
        return LoadReport(
            day=run.day,
            run_id=run.id,
            state=state.value,
            totals=checked.totals,
            intake=checked.intake,
            snapshots=snapshots,
            seconds=(self.clock() - run.started_at).total_seconds(),
            fingerprint=checked.fingerprint,
        )

    def _stage(
        self, run: Run, source: LockedSource, day: Interval, staged: list[StagedTable]
    ) -> Checked:
        """Write all rows to files that no reader sees, and let them through or raise."""
        with source.snapshot(run.day, (day.start, day.end)) as snapshot:
            progress = Progress(snapshot.rows_of, clock=self.clock, tell=self.on_pace)
            gate = Gate(day, on_rows=progress.advance)
            staged += self._stage_books(snapshot, run.day, gate)
        self._wait_for_deliveries(day.end)
        self.on_step("stage events")
        events, intake = self.events.stage(run.day, gate.watch)
        staged += events
        self.on_step("check the rules")
        gate.close()
        self.on_step("reconcile")
        written = written_totals(staged)
        reconcile(snapshot.totals | intake.totals(), written)
        return Checked(written, intake, snapshot.fingerprint)

    def _stage_books(self, snapshot: Snapshot, day: date, gate: Gate) -> list[StagedTable]:
        """Stage what the database holds, in the order in which it is published."""
        keys, erasures = self.pseudonyms, self.events.erasures.read()
        self.on_step("stage products")
        cleaned = gate.watch(PRODUCTS, map(clean.products, snapshot.products()))
        products = self.lake.stage(PRODUCTS, cleaned, day)
        self.on_step("stage users")
        cleaned = gate.watch(USERS, (clean.users(page, keys) for page in snapshot.users()))
        users = self.lake.stage(USERS, _left(erasures, cleaned, snapshot), day)
        self.on_step("stage purchases")
        with (
            self.lake.staging(PURCHASES, day) as purchases,
            self.lake.staging(PURCHASE_LINES, day) as lines,
        ):
            for page, page_lines in snapshot.purchases():
                bought = clean.purchases(page, page_lines, keys, day)
                purchases.write(erasures.apply(PURCHASES, gate.see(PURCHASES, bought)))
                of_them = clean.purchase_lines(page_lines, bought, day)
                lines.write(erasures.apply(PURCHASE_LINES, gate.see(PURCHASE_LINES, of_them)))
        return [products, users, purchases.staged, lines.staged]

    def _wait_for_deliveries(self, end: datetime) -> None:
        """Wait for the day's last events if it has only just ended: they are still on their way."""
        now = self.clock()
        if end <= now < end + self.rules.delivery_grace:
            self.on_step("wait for the last deliveries")
            self.pause((end + self.rules.delivery_grace - now).total_seconds())

    def _publish(self, table: StagedTable, run: Run, lease: Lease) -> int | None:
        self.on_step(f"publish {table.definition.name}")
        lease.check(table.definition.name)
        origin = {"fashion.run-id": run.id, "fashion.business-day": str(run.day)}
        return self.lake.publish(table, origin)


def _left(
    erasures: Erasures, users: Iterable[pa.RecordBatch], snapshot: Snapshot
) -> Iterator[pa.RecordBatch]:
    """Yield the users who are not erased, and expect no others to be written."""
    for batch in users:
        left = erasures.apply(USERS, batch)
        snapshot.totals["users.rows"] -= batch.num_rows - left.num_rows
        yield left


def _reason(error: Exception) -> dict[str, Any]:
    """Return why it failed; only our own sentences are known to name nobody."""
    detail = error.detail if isinstance(error, ShopError) else ""
    reason: dict[str, Any] = {"error": type(error).__name__, "detail": detail}
    if isinstance(error, QualityError | ReconciliationError):
        reason["rules"] = [asdict(rule) for rule in error.broken]
    return reason
