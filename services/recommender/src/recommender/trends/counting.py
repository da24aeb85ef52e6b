"""Trends counted exactly: SQL over the lake's acts, plain enough for Athena, run by DuckDB.

A value's lift is what it counts over what it counted in the window before, both windows scaled to
the less busy one: an hour in which everything is busier lifts nothing, and scaling never magnifies
chance. The prior, added to both, keeps a handful of acts from looking like a fashion.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from recommender.settings import LearningSettings
from recommender.trends.schemas import Dimension, TrendingValue, Window

VALUES: Final = 100
"""So many values by lift, and as many by count, are kept; some may be sold out when shown."""

_COLUMNS: Final[Mapping[Dimension, str]] = {
    Dimension.PRODUCT: "id",
    Dimension.ARTICLE_TYPE: "article_type",
    Dimension.BASE_COLOUR: "base_colour",
    Dimension.SEASON: "season",
    Dimension.GENDER: "gender",
    Dimension.CATEGORY: "master_category",
}


class Rows(Protocol):
    """What a statement found."""

    def fetchall(self) -> list[Any]:
        """Return every row."""
        ...


class Bench(Protocol):
    """A workbench with `products`, and with `acts` of interest that hold each event once."""

    def run(self, sql: str, parameters: Any = None) -> Rows:
        """Run one statement."""
        ...


def count_windows(
    bench: Bench, settings: LearningSettings, windows: Iterable[Window], until: datetime
) -> dict[tuple[Dimension, Window], Sequence[TrendingValue]]:
    """Count every dimension's values in the windows that end now, best first by lift.

    The bench must reach back two windows. `until` is exclusive, and an act belongs where it
    happened, however late it came.
    """
    return {
        (dimension, window): _count(bench, settings, dimension, window, until)
        for window in windows
        for dimension in Dimension
    }


def _count(
    bench: Bench,
    settings: LearningSettings,
    dimension: Dimension,
    window: Window,
    until: datetime,
) -> list[TrendingValue]:
    end = until.astimezone(UTC).replace(tzinfo=None)
    parameters = {
        "view": settings.weight_view,
        "cart": settings.weight_cart,
        "purchase": settings.weight_purchase,
        "floor": settings.trend_floor,
        "prior": settings.trend_prior,
        "length": VALUES,
        "before": end - 2 * window.length,
        "begin": end - window.length,
        "until": end,
    }
    rows = bench.run(_counts(_COLUMNS[dimension]), parameters).fetchall()
    return [TrendingValue(*row) for row in rows]


def _counts(column: str) -> str:
    """Return the SQL that counts one column's values in a window and in the one before.

    Weights are decimals, because their sums are the same in whatever order the acts come.
    """
    return f"""
        WITH weighted AS (
            SELECT
                {column} AS value,
                shopper,
                acted_at >= CAST($begin AS TIMESTAMP) AS is_now,
                CASE type
                    WHEN 'add_to_cart' THEN CAST($cart AS DECIMAL(18, 6))
                    WHEN 'purchase' THEN CAST($purchase AS DECIMAL(18, 6))
                    ELSE CAST($view AS DECIMAL(18, 6))
                END AS weight
            FROM acts
            JOIN products ON products.id = product_id
            WHERE acted_at >= CAST($before AS TIMESTAMP)
                AND acted_at < CAST($until AS TIMESTAMP)
        ),
        counted AS (
            SELECT
                value,
                count(*) FILTER (WHERE is_now) AS acts,
                count(DISTINCT shopper) FILTER (WHERE is_now) AS shoppers,
                coalesce(sum(weight) FILTER (WHERE is_now), 0) AS now,
                coalesce(sum(weight) FILTER (WHERE NOT is_now), 0) AS before
            FROM weighted
            GROUP BY value
        ),
        totals AS (
            SELECT
                CAST(sum(now) AS DOUBLE) AS now,
                CAST(sum(before) AS DOUBLE) AS before,
                CAST(least(sum(now), sum(before)) AS DOUBLE) AS lesser
            FROM counted
        ),
        lifted AS (
            SELECT
                value,
                CAST(counted.now AS DOUBLE) AS now,
                CAST(counted.before AS DOUBLE) AS before,
                shoppers,
                round(
                    (
                        coalesce(counted.now * lesser / nullif(totals.now, 0), 0)
                        + CAST($prior AS DOUBLE)
                    )
                    / (
                        coalesce(counted.before * lesser / nullif(totals.before, 0), 0)
                        + CAST($prior AS DOUBLE)
                    ),
                    4
                ) AS lift
            FROM counted
            CROSS JOIN totals
            WHERE acts >= $floor AND CAST(value AS VARCHAR) <> ''
        ),
        ranked AS (
            SELECT
                *,
                row_number() OVER (ORDER BY lift DESC, now DESC, value) AS by_lift,
                row_number() OVER (ORDER BY now DESC, lift DESC, value) AS by_count
            FROM lifted
        )
        SELECT value, now, before, shoppers, lift
        FROM ranked
        WHERE by_lift <= $length OR by_count <= $length
        ORDER BY by_lift
    """  # noqa: S608 - column is one of _COLUMNS
