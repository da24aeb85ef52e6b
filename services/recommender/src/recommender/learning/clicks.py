"""The public clickstream of a clothing shop (UCI 553): what a model is worth on real shoppers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from recommender.learning import queries
from recommender.learning.workbench import Workbench

TEST_DAYS: Final = 14

_CLICKS: Final = """
    CREATE TABLE clicks AS
    SELECT
        "session ID" AS session,
        "order" AS place,
        make_timestamp(year, month, day, 0, 0, 0.0) + to_seconds("order") AS acted_at,
        dense_rank() OVER (ORDER BY "page 2 (clothing model)") AS product_id,
        "page 1 (main category)" AS category,
        colour, location, "model photography" AS photography, price, page
    FROM read_csv(?, delim = ';', header = true)
"""
# The shop's own attributes in the places of ours: page for the kind of article, and so on.
_PRODUCTS: Final = f"""
    CREATE TABLE products AS
    WITH described AS (
        SELECT
            CAST(product_id AS UINTEGER) AS id,
            CAST(mode(photography) AS VARCHAR) AS gender,
            CAST(mode(category) AS VARCHAR) AS master_category,
            mode(category) AS sub_category,
            mode(page) AS article_type,
            mode(colour) AS base_colour,
            mode(location) AS usage,
            ntile({queries.PRICE_BANDS}) OVER (ORDER BY mode(price), product_id) AS price_band,
            CAST(product_id AS INTEGER) AS age_rank,
            false AS is_new
        FROM clicks
        GROUP BY product_id
    )
    SELECT id, gender, master_category, age_rank, is_new, {queries.CODES} FROM described
"""  # noqa: S608 - made of constants
_ACTS: Final = """
    INSERT INTO acts
    SELECT
        CAST(session AS VARCHAR), product_id, 'product_view', acted_at,
        concat_ws('-', session, lpad(CAST(place AS VARCHAR), 5, '0'))
    FROM clicks
"""


def load_clicks(bench: Workbench, file: Path) -> datetime:
    """Put the clickstream on the bench; return when its last fortnight begins."""
    bench.run(_CLICKS, [str(file)])
    bench.run(_PRODUCTS)
    bench.run(queries.EMPTY_ACTS)
    bench.run(_ACTS)
    bench.find_sessions()
    last = bench.last_act() or datetime.max.replace(tzinfo=UTC)
    midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=TEST_DAYS - 1)
