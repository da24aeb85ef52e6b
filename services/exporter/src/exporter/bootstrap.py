"""Builds the daily load out of its settings: the one place that knows all its parts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from time import sleep
from typing import Any

from sqlalchemy import Engine

from exporter.books.fingerprints import Fingerprints
from exporter.books.snapshot import Source
from exporter.events.landing import LandingZone
from exporter.lake.catalog import open_catalog
from exporter.lake.iceberg import Lake
from exporter.lake.staging import FileSizes
from exporter.nightly.daily_load import DailyLoad, Rules
from exporter.nightly.ledger import Ledger
from exporter.nightly.night import Night
from exporter.nightly.progress import Pace, PaceLog
from exporter.nightly.verify import Verifier
from exporter.privacy import Pseudonyms
from exporter.settings import ExporterSettings, LedgerSettings
from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.ids import new_id
from fashion_kit.mysql import mysql_engine


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
    s3 = client("s3", pool_size=settings.download_threads)
    with _open_database(settings) as engine:
        yield DailyLoad(
            source=_source(engine, settings),
            landing=LandingZone(s3, settings.landing_bucket, threads=settings.download_threads),
            lake=open_lake(settings),
            ledger=Ledger(s3, settings.clean_bucket, clock=clock, new_id=new_id),
            pseudonyms=Pseudonyms(settings.pseudonym_secret()),
            rules=Rules(
                settings.business_timezone,
                settings.delivery_grace,
                settings.late_hours,
                settings.duplicate_lookback_days,
            ),
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
    with open_daily_load(settings, **wiring) as load, open_fingerprints(settings) as fingerprints:
        yield Night(load, fingerprints, settings.recheck_days, on_loaded)


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
            settings.business_timezone,
        )


@contextmanager
def _open_database(settings: ExporterSettings) -> Iterator[Engine]:
    engine = mysql_engine(
        settings.database_url.get_secret_value(), pool_size=1, isolation_level="AUTOCOMMIT"
    )
    try:
        yield engine
    finally:
        engine.dispose()


def _source(engine: Engine, settings: ExporterSettings) -> Source:
    return Source(engine, page_rows=settings.page_rows, lock_wait=settings.lock_wait)


def open_lake(settings: ExporterSettings) -> Lake:
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
