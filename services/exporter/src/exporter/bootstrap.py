"""Builds the daily load out of its settings: the one place that knows all its parts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep

from exporter.books.extract import Source
from exporter.events.landing import LandingZone
from exporter.lake.catalog import open_catalog
from exporter.lake.iceberg import Lake
from exporter.nightly.daily_load import DailyLoad, Rules
from exporter.nightly.ledger import Ledger
from exporter.privacy import Pseudonyms
from exporter.settings import ExporterSettings, LakeSettings, LedgerSettings
from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.ids import new_id
from fashion_kit.mysql import mysql_engine


def _say_nothing(_: str) -> None:
    pass


@contextmanager
def open_daily_load(
    settings: ExporterSettings,
    *,
    clock: Clock = utc_now,
    pause: Callable[[float], None] = sleep,
    on_step: Callable[[str], None] = _say_nothing,
) -> Iterator[DailyLoad]:
    """Yield the daily load that the settings describe, and let its connections go afterwards."""
    engine = mysql_engine(
        settings.database_url.get_secret_value(), pool_size=1, isolation_level="AUTOCOMMIT"
    )
    s3 = client("s3", pool_size=settings.download_threads)
    try:
        yield DailyLoad(
            source=Source(engine, fetch_rows=settings.fetch_rows, lock_wait=settings.lock_wait),
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
        )
    finally:
        engine.dispose()


def open_lake(settings: LakeSettings) -> Lake:
    """Return the clean zone's tables."""
    return Lake(
        open_catalog(),
        namespace=settings.glue_database,
        bucket=settings.clean_bucket,
        rows_per_file=settings.rows_per_file,
        commit_attempts=settings.commit_attempts,
    )


def open_ledger(settings: LedgerSettings) -> Ledger:
    """Return the run ledger."""
    return Ledger(client("s3"), settings.clean_bucket, clock=utc_now, new_id=new_id)
