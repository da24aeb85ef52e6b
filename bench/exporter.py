"""The night's load: ours, to the committed Iceberg snapshots, beside the usual ways to Parquet.

The rivals write one file of the day's lines to the local disk, and no more; ours runs the whole
night: products, users, purchases and lines from one snapshot, pseudonyms, checks, S3, Iceberg. Each
runs in a process of its own, for its peak memory; the quick ones in several rounds, in turns.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from subprocess import PIPE
from subprocess import run as run_process
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from bench.servers import ROUNDS
from exporter.settings import ExporterSettings
from fashion_kit.clock import day_interval
from fashion_kit.mysql import mysql_engine
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.database import Database
from infra.local.environments import EXPORTER_PRIVILEGES, RETURNED_MEMORY
from infra.local.settings import inherited_environment
from storefront.database import migrate

USERS = 100_000
PRODUCTS = 1_000
LINES_A_PURCHASE = 2
BUFFER_POOL_BYTES = 2 * 1024**3
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SMALL, LARGE = date(2026, 11, 21), date(2026, 11, 22)
LINES = {SMALL: 1_000_000, LARGE: 3_000_000}
OURS = "ours"
VARIANTS = {
    OURS: "ours, the whole night, in Iceberg",
    "connectorx": "connectorx to Parquet, lines alone",
    "connectorx-all": "connectorx to Parquet, the same four tables",
    "cursor": "server-side cursor to Parquet, lines alone",
    "pandas": "pandas to Parquet, lines alone",
}
QUICK = (OURS, "connectorx", "connectorx-all")
GOAL_TIMES_PANDAS = 9
GOAL_TIMES_CONNECTORX = 1.5
GOAL_PEAK_MB = 350


def run() -> dict[str, Any]:
    """Return what each way takes for three million lines, and ours for one million."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        environment, exact = stack.enter_context(_shop(folder))
        rounds: dict[str, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}
        for number in range(ROUNDS):
            for variant in VARIANTS if number == 0 else QUICK:
                rounds[variant].append(_measured(variant, LARGE, environment))
        small = _measured(OURS, SMALL, environment)
    variants = [
        {"variant": VARIANTS[name]} | _figures(found, exact) for name, found in rounds.items()
    ]
    seconds = {name: variants[place]["seconds"] for place, name in enumerate(VARIANTS)}
    return {
        "title": f"{LINES[LARGE]:,} purchase lines out of MariaDB",
        "variants": variants,
        "times_faster_than_pandas": round(seconds["pandas"] / seconds[OURS], 1),
        "goal_times_faster_than_pandas": GOAL_TIMES_PANDAS,
        "times_connectorx": round(seconds[OURS] / seconds["connectorx"], 2),
        "goal_times_connectorx": GOAL_TIMES_CONNECTORX,
        "times_connectorx_of_the_same_tables": round(seconds[OURS] / seconds["connectorx-all"], 2),
        "peak_mb_at_1_million_lines": round(small["peak_mb"]),
        "peak_mb_at_3_million_lines": round(variants[0]["peak_mb"]),
        "goal_peak_mb": GOAL_PEAK_MB,
    }


def _figures(rounds: list[dict[str, Any]], exact: Decimal) -> dict[str, Any]:
    seconds = median(found["seconds"] for found in rounds)
    return {
        "seconds": round(seconds, 2),
        "lines_per_s": round(LINES[LARGE] / seconds),
        "peak_mb": round(median(found["peak_mb"] for found in rounds)),
        "cpu_s": round(median(found["cpu_s"] for found in rounds), 2),
        "off_by": str(abs(Decimal(rounds[0]["total"]) - exact)),
    }


def _measured(variant: str, day: date, environment: dict[str, str]) -> dict[str, Any]:
    worker = ["bench.exporter_worker"] if variant == OURS else ["bench.exporter_rivals", variant]
    command = [sys.executable, "-m", *worker, str(day)]
    # What it says of itself goes to our standard error: a failure is seen there.
    done = run_process(command, env=environment, check=True, stdout=PIPE, text=True)  # noqa: S603
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


@contextmanager
def _shop(folder: Path) -> Iterator[tuple[dict[str, str], Decimal]]:
    """Yield what the exporter is told of a shop with both days, and what the larger comes to."""
    database, aws = Database(folder / "database"), AwsEndpoint(folder / "aws")
    with ExitStack() as stack:
        database.start()
        stack.callback(database.stop)
        aws.start()
        stack.callback(aws.stop)
        migrate(database.owner_url)
        engine = mysql_engine(database.owner_url, pool_size=1, isolation_level="AUTOCOMMIT")
        stack.callback(engine.dispose)
        _fill(engine)
        exact = _total(engine, LARGE)
        for bucket in ("landing", "clean"):
            aws.client("s3").create_bucket(Bucket=bucket)
        aws.client("glue").create_database(DatabaseInput={"Name": "shop"})
        yield _environment(database, aws), exact


def _environment(database: Database, aws: AwsEndpoint) -> dict[str, str]:
    told = {
        "database_url": database.grant("exporter", *EXPORTER_PRIVILEGES),
        "landing_bucket": "landing",
        "clean_bucket": "clean",
        "glue_database": "shop",
        "pseudonym_key": "k" * 32,
        "business_timezone": str(ZONE),
        "log_level": "WARNING",
    }
    prefix = str(ExporterSettings.model_config["env_prefix"])
    named = {f"{prefix}{name}".upper(): value for name, value in told.items()}
    return inherited_environment() | aws.environment() | named | RETURNED_MEMORY


def _fill(engine: Engine) -> None:
    """Make the rows in the server itself, from its sequence tables."""
    with engine.connect() as connection:
        for statement in (
            f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL_BYTES}",
            "SET SESSION foreign_key_checks = 0, unique_checks = 0",
            "INSERT INTO products (id, price, currency, stock, is_active, version, created_at,"  # noqa: S608
            " updated_at) SELECT seq, 100 + seq, 'INR', 5, 1, 1, NOW(6), NOW(6)"
            f" FROM seq_1_to_{PRODUCTS}",
            "INSERT INTO users (id, username, role, birthdate, created_at, updated_at)"  # noqa: S608
            " SELECT CONCAT('U', LPAD(seq, 25, '0')), CONCAT('u', seq), 'customer', '1990-05-17',"
            f" NOW(6), NOW(6) FROM seq_1_to_{USERS}",
        ):
            connection.execute(text(statement))
        for number, (day, lines) in enumerate(LINES.items()):
            start, _ = day_interval(day, ZONE)
            _fill_day(connection, f"P{number}", start, lines)


def _fill_day(connection: Any, prefix: str, start: datetime, lines: int) -> None:
    purchase = f"CONCAT('{prefix}', LPAD(1 + FLOOR((seq - 1) / {LINES_A_PURCHASE}), 24, '0'))"
    price = "(10 + MOD(seq, 5000) / 100)"
    connection.execute(
        text(
            "INSERT INTO purchase_lines (purchase_id, line_number, product_id, quantity,"  # noqa: S608
            f" unit_price, line_total) SELECT {purchase}, 1 + MOD(seq - 1, {LINES_A_PURCHASE}),"
            f" 1 + MOD(seq * 31, {PRODUCTS}), 1 + MOD(seq, 3), {price},"
            f" (1 + MOD(seq, 3)) * {price} FROM seq_1_to_{lines}"
        )
    )
    instant = f"'{start:%Y-%m-%d %H:%M:%S}' + INTERVAL number * 50000 MICROSECOND"
    # The gate lets no purchase through that is not the sum of its lines.
    connection.execute(
        text(
            "INSERT INTO purchases (id, user_id, status, subtotal, shipping, tax, total, currency,"  # noqa: S608
            f" purchased_at, updated_at) SELECT id,"
            f" CONCAT('U', LPAD(1 + MOD(number * 7919, {USERS}), 25, '0')),"
            " ELT(1 + MOD(number, 4), 'placed', 'paid', 'shipped', 'delivered'),"
            f" total, 0, 0, total, 'INR', {instant}, {instant}"
            " FROM (SELECT purchase_id AS id, SUM(line_total) AS total,"
            f" CAST(SUBSTRING(purchase_id, {len(prefix) + 1}) AS UNSIGNED) AS number"
            f" FROM purchase_lines WHERE purchase_id LIKE '{prefix}%' GROUP BY 1, 3) AS bought"
        )
    )


def _total(engine: Engine, day: date) -> Decimal:
    start, end = (at.replace(tzinfo=None) for at in day_interval(day, ZONE))
    with engine.connect() as connection:
        connection.execute(text("ANALYZE TABLE purchases, purchase_lines"))
        found = connection.execute(
            text(
                "SELECT SUM(l.line_total) FROM purchases p JOIN purchase_lines l"
                " ON l.purchase_id = p.id WHERE p.purchased_at >= :start AND p.purchased_at < :end"
            ),
            {"start": start, "end": end},
        )
        return Decimal(found.scalar_one())
