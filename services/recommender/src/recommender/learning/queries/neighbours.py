"""What is looked at around each product, and what is like it."""

from typing import Final

from recommender.learning.queries.acts import ATTRIBUTES, MAX_CODES
from recommender.learning.queries.scores import scored

# Each two steps are joined once, not once from either side: half the pairs, half the time.
HALVES: Final = """
    CREATE OR REPLACE TABLE halves AS
    SELECT
        least(one.product_id, other.product_id) AS low,
        greatest(one.product_id, other.product_id) AS high,
        sum(CASE WHEN one.product_id < other.product_id THEN near.weight ELSE 0 END) AS upward,
        sum(CASE WHEN one.product_id > other.product_id THEN near.weight ELSE 0 END) AS downward
    FROM steps AS one
    JOIN starts ON starts.session = one.session AND starts.began < CAST($until AS TIMESTAMP)
    JOIN steps AS other
        ON other.session = one.session
        AND other.step > one.step
        AND other.step <= one.step + $pair_window
    JOIN (
        SELECT steps_apart, 1 / pow(steps_apart, CAST($distance_power AS DOUBLE)) AS weight
        FROM (SELECT unnest(range(1, $pair_window + 1)) AS steps_apart)
    ) AS near ON near.steps_apart = other.step - one.step
    WHERE one.product_id <> other.product_id
    GROUP BY 1, 2
"""

PAIRS: Final = """
    CREATE OR REPLACE TABLE pairs AS
    SELECT
        low AS product, high AS neighbour, upward + CAST($backward AS DOUBLE) * downward AS weight
    FROM halves
    UNION ALL
    SELECT
        high AS product, low AS neighbour, downward + CAST($backward AS DOUBLE) * upward AS weight
    FROM halves
"""

POPULARITY: Final = """
    CREATE OR REPLACE TABLE popularity AS
    WITH clicked AS (
        SELECT product_id, count(*) AS clicks
        FROM steps
        JOIN starts USING (session)
        WHERE began < CAST($until AS TIMESTAMP)
        GROUP BY 1
    )
    SELECT products.id AS product, coalesce(clicks, 0) AS clicks
    FROM products
    LEFT JOIN clicked ON clicked.product_id = products.id
"""

ASSOCIATIONS: Final = f"""
    CREATE OR REPLACE TABLE associations AS
    WITH damped AS (
        SELECT
            pairs.product,
            neighbour,
            weight / pow(clicks, CAST($popularity_power AS DOUBLE)) AS weight
        FROM pairs
        JOIN popularity ON popularity.product = neighbour
        WHERE weight > 0 AND clicks > 0
    ),
    {scored("2 * $neighbours")}
"""  # noqa: S608 - made of constants

# Likeness decides among those seen together. It adds popular ones of the kind where few were, and
# new ones everywhere, because nothing else would show them. A delta adds the new ones only.
CANDIDATES: Final = """
    CREATE OR REPLACE TABLE candidates AS
    WITH pool AS (
        SELECT id, sub_category_code, gender_code, is_new
        FROM products
        JOIN popularity ON product = id
        QUALIFY
            row_number() OVER (
                PARTITION BY sub_category_code, gender_code, is_new ORDER BY clicks DESC, age_rank
            ) <= $candidates
    ),
    known AS (
        SELECT product, count(*) AS associated FROM associations GROUP BY 1
    )
    SELECT products.id AS product, pool.id AS neighbour
    FROM products
    LEFT JOIN known ON known.product = products.id
    JOIN pool USING (sub_category_code, gender_code)
    WHERE products.id <> pool.id
        AND (
            pool.is_new
            OR products.is_new
            OR (NOT $only_new AND coalesce(associated, 0) < $neighbours)
        )
    UNION
    SELECT product, neighbour FROM associations
"""

NEIGHBOURS: Final = """
    WITH blended AS (
        SELECT
            product,
            neighbour,
            coalesce(associations.score, 0)
                + CAST($content_weight AS DOUBLE) * likeness.score AS score
        FROM likeness
        LEFT JOIN associations USING (product, neighbour)
    )
    SELECT product, neighbour, score
    FROM blended
    QUALIFY row_number() OVER (PARTITION BY product ORDER BY score DESC, neighbour) <= $neighbours
    ORDER BY product, score DESC, neighbour
"""


def lifts(attribute: str) -> str:
    """Return the SQL that learns, for one attribute, which value goes with which.

    A lift above 1 means: likelier next to each other than by chance. Before clicks show it, the
    same value is believed to go with itself.
    """
    return f"""
        CREATE OR REPLACE TABLE lift_{attribute} AS
        WITH shares AS (
            SELECT {attribute}_code AS value, count(*) / sum(count(*)) OVER () AS share
            FROM products
            GROUP BY 1
        ),
        moves AS (
            SELECT
                one.{attribute}_code AS value,
                other.{attribute}_code AS next_value,
                sum(weight) AS weight
            FROM pairs
            JOIN products AS one ON one.id = pairs.product
            JOIN products AS other ON other.id = pairs.neighbour
            GROUP BY 1, 2
        ),
        totals AS (
            SELECT value, sum(weight) AS weight FROM moves GROUP BY 1
        )
        SELECT
            one.value * {MAX_CODES} + other.value AS move,
            ln(
                (
                    coalesce(moves.weight, 0)
                    + CAST($pseudo_pairs AS DOUBLE) * other.share
                        * CASE WHEN one.value = other.value THEN CAST($same AS DOUBLE) ELSE 1 END
                )
                / (coalesce(totals.weight, 0) + CAST($pseudo_pairs AS DOUBLE))
                / other.share
            ) AS lift
        FROM shares AS one
        CROSS JOIN shares AS other
        LEFT JOIN moves ON moves.value = one.value AND moves.next_value = other.value
        LEFT JOIN totals ON totals.value = one.value
    """  # noqa: S608 - attribute is one of ATTRIBUTES


def likeness() -> str:
    """Return the SQL that scores every candidate by all attributes, 1 for a product's likest."""
    total = " + ".join(f"lift_{name}.lift" for name in ATTRIBUTES)
    joins = "\n".join(
        f"JOIN lift_{name} ON lift_{name}.move = one.{name}_code * {MAX_CODES} + other.{name}_code"
        for name in ATTRIBUTES
    )
    return f"""
        CREATE OR REPLACE TABLE likeness AS
        WITH summed AS (
            SELECT product, neighbour, CAST({total} AS FLOAT) AS lift
            FROM candidates
            JOIN products AS one ON one.id = product
            JOIN products AS other ON other.id = neighbour
            {joins}
        )
        SELECT
            product,
            neighbour,
            exp(
                CAST($power AS DOUBLE) * (lift - max(lift) OVER (PARTITION BY product))
            ) AS score
        FROM summed
    """  # noqa: S608 - made of ATTRIBUTES alone
