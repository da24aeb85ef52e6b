"""A past for a new shop: the shopper bot's history, put where delivered events lie.

Without it the first recommender model would know nothing. It ends where today begins, so that no
invented event is ever loaded with a day that really happened.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from fashion_kit.aws import client
from fashion_kit.clock import day_interval, day_of
from fashion_kit.mysql import mysql_engine
from infra.local.environments import Environments
from loadtest.history import HistoryConfig, write_history

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOADS = 4
PRODUCTS = """
    SELECT id, gender, master_category, sub_category, article_type, base_colour, price
    FROM products WHERE is_active ORDER BY id
"""


def write(environments: Environments, *, until: datetime) -> int:
    """Write past visits into the landing zone; return how many objects that made."""
    settings = environments.settings
    zone = ZoneInfo(settings.business_timezone)
    today_began, _ = day_interval(day_of(until, zone), zone)
    config = HistoryConfig(
        end=today_began,
        sessions=settings.history_sessions,
        days=settings.history_days,
        seed=settings.seed,
        currency=settings.currency,
    )
    with TemporaryDirectory() as folder:
        write_history(_products(environments.urls.recommender), config, Path(folder))
        return _upload(Path(folder), environments.resources.landing_bucket)


def _products(url: str) -> Sequence[Mapping[str, Any]]:
    engine = mysql_engine(url)
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(text(PRODUCTS)).mappings()]
    engine.dispose()
    return rows


def _upload(folder: Path, bucket: str) -> int:
    s3: S3Client = client("s3", pool_size=UPLOADS)
    files = sorted(path for path in folder.rglob("*") if path.is_file())

    def upload(path: Path) -> None:
        s3.put_object(Bucket=bucket, Key=str(path.relative_to(folder)), Body=path.read_bytes())

    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(upload, files))
    return len(files)
