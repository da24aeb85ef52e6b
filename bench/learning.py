"""Learning a model's neighbours by SQL: a million clicks, and ten million."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from recommender.learning.catalogue import CatalogueProduct
from recommender.learning.workbench import Workbench
from recommender.settings import LearningSettings

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCTS = 44_000
KINDS = 140
CLICKS = (1_000_000, 10_000_000)
GOAL_SECONDS = {1_000_000: 5, 10_000_000: 15}
# Sessions of five clicks or so, each among a few hundred products near one another; some products
# are looked at a thousand times as often as others.
ACTS = """
    INSERT INTO acts
    SELECT
        'user-' || lpad(CAST(CAST(floor(i / 5.5) AS BIGINT) AS VARCHAR), 9, '0'),
        CAST(1 + floor(43999 * pow(abs(hash(floor(i / 5.5))) % 100000 / 100000.0, 2)
            * (0.99 + 0.01 * random())) AS UINTEGER),
        'product_view',
        TIMESTAMP '2026-01-01' + to_seconds(CAST(floor(i / 10) AS BIGINT)),
        'e' || lpad(CAST(i AS VARCHAR), 10, '0')
    FROM range(?) AS numbers(i)
"""


def run() -> dict[str, Any]:
    """Return how long each step takes, from acts on the bench to neighbours in Python."""
    return {
        "title": f"Learning from clicks on {PRODUCTS:,} products, in SQL",
        "variants": [{"variant": f"{count:,} clicks"} | _measured(count) for count in CLICKS],
        **{f"goal_seconds_{count}": seconds for count, seconds in GOAL_SECONDS.items()},
    }


def _measured(count: int) -> dict[str, float]:
    settings = LearningSettings()
    with TemporaryDirectory() as place, Workbench(settings, Path(place)) as bench:
        bench.load_products(map(_product, range(1, PRODUCTS + 1)), ())
        bench.run(ACTS, [count])
        begun = perf_counter()
        bench.find_sessions()
        cut = perf_counter()
        rows = bench.neighbours()
        done = perf_counter()
    return {
        "sessions_s": round(cut - begun, 2),
        "neighbours_s": round(done - cut, 2),
        "together_s": round(done - begun, 2),
        "neighbours": float(sum(map(len, rows.values()))),
    }


def _product(number: int) -> CatalogueProduct:
    random = Random(number)  # noqa: S311 - the same products in each run
    kind = number * KINDS // PRODUCTS
    return CatalogueProduct(
        id=number,
        gender=("Women", "Men", "Unisex")[kind % 3],
        master_category=f"master {kind % 4}",
        sub_category=f"sub {kind // 4}",
        article_type=f"type {kind}",
        base_colour=f"colour {random.randrange(46)}",
        usage=f"usage {random.randrange(8)}",
        season=f"season {random.randrange(4)}",
        product_display_name=f"product {number}",
        price=Decimal(random.randrange(300, 9000)),
        created_at=BEGIN - timedelta(hours=number),
    )
