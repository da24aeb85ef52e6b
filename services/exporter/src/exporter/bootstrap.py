"""Builds the daily load out of its settings: the one place that knows all its parts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from time import sleep
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine

from exporter.books.fingerprints import Fingerprints
from exporter.books.snapshot import Source
from exporter.erasure.accounts import ErasedAccounts
from exporter.erasure.service import Eraser, ErasureReport
from exporter.events.erasing_landing import LandingEraser
from exporter.events.landing import LandingZone
from exporter.events.late_ledger import LateMarks
from exporter.events.stage import EventRules, EventStage
from exporter.lake.catalog import open_catalog
from exporter.lake.erasure import LakeEraser
from exporter.lake.erasure_ledger import ErasureRecords
from exporter.lake.iceberg import Lake
from exporter.lake.maintenance import Maintenance, UpkeepRules
from exporter.lake.staging import FileSizes
from exporter.nightly.daily_load import DailyLoad, Rules
from exporter.nightly.ledger import Ledger
from exporter.nightly.night import Night
from exporter.nightly.progress import Pace, PaceLog
from exporter.nightly.verify import Verifier
from exporter.privacy import Pseudonyms
from exporter.settings import ExporterSettings, LakeSettings, LedgerSettings
from fashion_contracts.lake import TABLES
from fashion_contracts.marts import MARTS
from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.ids import new_id
from fashion_kit.mysql import mysql_engine

# One connection holds the lock, the other asks who is erased.
_LOCK_AND_QUESTION = 2


def _say_nothing(_: object) -> None:
    pass


@contextmanager
def open_daily_load(
    settings: ExporterSettings,
    *,
    clock: Clock = utc_now,
    pause: Callable[[float], None] = sleep,
    on_step: Callable[[str], None] = _say_nothing,
    on_pace: Callable[[Pace], None] | None = None,
) -> Iterator[DailyLoad]:
    """Yield the daily load that the settings describe, and let its connections go afterwards."""
    # Arrow's own pools keep what they were once given; the system takes large blocks back.
    pa.set_memory_pool(pa.system_memory_pool())
    s3 = client("s3")
    with _open_database(settings) as engine:
        yield DailyLoad(
            source=_source(engine, settings),
            events=open_events(settings),
            lake=open_lake(settings),
            ledger=Ledger(s3, settings.clean_bucket, clock=clock, new_id=new_id),
            pseudonyms=Pseudonyms(settings.pseudonym_secret()),
            rules=Rules(settings.business_timezone, settings.delivery_grace),
            clock=clock,
            pause=pause,
            on_step=on_step,
            on_pace=on_pace or PaceLog(),
        )


@contextmanager
def open_night(
    settings: ExporterSettings,
    *,
    on_loaded: Callable[[Sequence[date]], None] = _say_nothing,
    **wiring: Any,
) -> Iterator[Night]:
    """Yield what loads several days; `on_loaded` is told afterwards which ones were."""
    with (
        open_daily_load(settings, **wiring) as load,
        open_fingerprints(settings) as fingerprints,
        _open_database(settings, pool_size=_LOCK_AND_QUESTION) as engine,
    ):
        source, eraser = _source(engine, settings), open_eraser(settings, engine, clock=load.clock)

        def erase() -> ErasureReport:
            with source.locked():
                return eraser.erase_all()

        yield Night(load, fingerprints, settings.recheck_days, on_loaded, erase)


@contextmanager
def open_fingerprints(settings: ExporterSettings) -> Iterator[Fingerprints]:
    """Yield the fingerprints of days as the database stands now."""
    with _open_database(settings) as engine:
        yield Fingerprints(engine, settings.business_timezone)


@contextmanager
def open_verifier(settings: ExporterSettings) -> Iterator[Verifier]:
    """Yield what compares the lake with the database."""
    with _open_database(settings) as engine:
        yield Verifier(
            _source(engine, settings),
            open_catalog(),
            settings.glue_database,
            open_ledger(settings),
            open_erasure_records(settings),
            settings.business_timezone,
        )


@contextmanager
def _open_database(settings: ExporterSettings, *, pool_size: int = 1) -> Iterator[Engine]:
    engine = mysql_engine(
        settings.database_url.get_secret_value(), pool_size=pool_size, isolation_level="AUTOCOMMIT"
    )
    try:
        yield engine
    finally:
        engine.dispose()


def _source(engine: Engine, settings: ExporterSettings) -> Source:
    return Source(engine, page_rows=settings.page_rows, lock_wait=settings.lock_wait)


def open_lake(settings: LakeSettings) -> Lake:
    """Return the clean zone's tables."""
    return Lake(
        open_catalog(),
        namespace=settings.glue_database,
        bucket=settings.clean_bucket,
        sizes=FileSizes(settings.row_group_rows, settings.rows_per_file),
        commit_attempts=settings.commit_attempts,
    )


def open_ledger(settings: LedgerSettings) -> Ledger:
    """Return the run ledger."""
    return Ledger(client("s3"), settings.clean_bucket, clock=utc_now, new_id=new_id)


def open_events(settings: ExporterSettings) -> EventStage:
    """Return what brings the landing zone's events to the lake."""
    s3 = client("s3", pool_size=settings.download_threads)
    return EventStage(
        landing=LandingZone(s3, settings.landing_bucket, threads=settings.download_threads),
        lake=open_lake(settings),
        late=open_late_marks(settings),
        erasures=open_erasure_records(settings),
        pseudonyms=Pseudonyms(settings.pseudonym_secret()),
        rules=EventRules(
            settings.business_timezone,
            settings.early_hours,
            settings.late_hours,
            settings.event_clock_slack,
            settings.lookup_rows,
        ),
    )


def open_erasure_records(settings: LedgerSettings) -> ErasureRecords:
    """Return the records of erasures."""
    return ErasureRecords(client("s3"), settings.clean_bucket, new_id=new_id)


def open_late_marks(settings: LedgerSettings) -> LateMarks:
    """Return the marks of late deliveries."""
    return LateMarks(client("s3"), settings.clean_bucket, new_id=new_id)


def open_eraser(settings: ExporterSettings, engine: Engine, *, clock: Clock) -> Eraser:
    """Return what erases people; whoever uses it holds the lock."""
    s3 = client("s3", pool_size=settings.download_threads)
    records = open_erasure_records(settings)
    return Eraser(
        ErasedAccounts(engine),
        LandingEraser(s3, settings.landing_bucket, threads=settings.download_threads),
        LakeEraser(
            open_lake(settings),
            s3,
            settings.keep_quarantine_for,
            clock,
            open_ledger(settings).quarantined_files,
            records.note_rows,
        ),
        records,
        Pseudonyms(settings.pseudonym_secret()),
        (*TABLES, *MARTS),
    )


@dataclass(frozen=True)
class Upkeep:
    """What keeps the lake in order, between two loads."""

    maintenance: Maintenance
    eraser: Eraser


@contextmanager
def open_upkeep(settings: ExporterSettings, *, clock: Clock = utc_now) -> Iterator[Upkeep]:
    """Yield what keeps the lake in order, and hold the lock that keeps loads apart meanwhile."""
    rules = UpkeepRules(
        settings.target_file_bytes,
        settings.compaction_rows,
        settings.keep_snapshots_for,
        settings.orphans_after,
        settings.keep_quarantine_for,
    )
    quarantined = open_ledger(settings).quarantined_files
    with (
        _open_database(settings, pool_size=_LOCK_AND_QUESTION) as engine,
        _source(engine, settings).locked(),
    ):
        yield Upkeep(
            Maintenance(open_lake(settings), client("s3"), rules, clock, quarantined),
            open_eraser(settings, engine, clock=clock),
        )
