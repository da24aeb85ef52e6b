"""The SQL that learns: plain enough for Athena, run by DuckDB.

products -> acts -> steps (sessions) -> pairs -> covisits -> candidates -> likeness -> neighbours
                                              -> lifts ---------------------^
"""

from typing import Final

ATTRIBUTES: Final = (
    "gender",
    "sub_category",
    "article_type",
    "base_colour",
    "usage",
    "price_band",
)
PRICE_BANDS: Final = 8
MAX_CODES: Final = 4096

CODES: Final = ", ".join(
    f"CAST(dense_rank() OVER (ORDER BY {name}) - 1 AS UINTEGER) AS {name}_code"
    for name in ATTRIBUTES
)
"""An attribute's values as small numbers, by which joins are quick."""

PRODUCTS: Final = f"""
    CREATE TABLE products AS
    WITH described AS (
        SELECT
            id,
            coalesce(gender, '') AS gender,
            coalesce(master_category, '') AS master_category,
            coalesce(sub_category, '') AS sub_category,
            coalesce(article_type, '') AS article_type,
            coalesce(base_colour, '') AS base_colour,
            coalesce(usage, '') AS usage,
            ntile({PRICE_BANDS}) OVER (ORDER BY price, id) AS price_band,
            age_rank
        FROM read_json(
            ?,
            format = 'newline_delimited',
            columns = {{
                id: 'UINTEGER', gender: 'VARCHAR', master_category: 'VARCHAR',
                sub_category: 'VARCHAR', article_type: 'VARCHAR', base_colour: 'VARCHAR',
                usage: 'VARCHAR', price: 'DOUBLE', age_rank: 'INTEGER'
            }}
        )
    )
    SELECT id, gender, master_category, age_rank, {CODES} FROM described
"""  # noqa: S608 - made of constants

EMPTY_ACTS: Final = """
    CREATE TABLE acts (
        shopper VARCHAR, product_id UINTEGER, type VARCHAR, acted_at TIMESTAMP, event_id VARCHAR
    )
"""

# A line that is no event is passed over: the exporter is the one who accounts for it. Deliveries
# are at least once: an event counts once.
ACTS: Final = """
    INSERT INTO acts
    SELECT
        min(coalesce(user_id, anonymous_id)) AS shopper,
        min(product_id) AS product_id,
        min(type) AS type,
        min(least(event_time, received_at)) AS acted_at,
        event_id
    FROM read_json(
        ?,
        format = 'newline_delimited',
        compression = 'gzip',
        ignore_errors = true,
        columns = {
            event_id: 'VARCHAR', type: 'VARCHAR', user_id: 'VARCHAR', anonymous_id: 'VARCHAR',
            product_id: 'UINTEGER', event_time: 'TIMESTAMP', received_at: 'TIMESTAMP'
        }
    )
    WHERE type IN ('product_view', 'list_click', 'add_to_cart', 'purchase')
        AND product_id IN (SELECT id FROM products)
        AND event_id IS NOT NULL
        AND coalesce(user_id, anonymous_id) IS NOT NULL
        AND event_time >= CAST(? AS TIMESTAMP)
    GROUP BY event_id
"""

# A session ends with a pause; a product looked at again at once is one step.
STEPS: Final = """
    CREATE TABLE steps AS
    WITH ordered AS (
        SELECT
            *,
            lag(acted_at) OVER by_time AS previous_at,
            lag(product_id) OVER by_time AS previous_product
        FROM acts
        WINDOW by_time AS (PARTITION BY shopper ORDER BY acted_at, event_id)
    ),
    marked AS (
        SELECT
            *,
            previous_at IS NULL
                OR epoch(acted_at) - epoch(previous_at) > CAST(? AS DOUBLE) AS begins
        FROM ordered
    ),
    numbered AS (
        SELECT
            *,
            sum(CAST(begins AS INTEGER)) OVER (
                PARTITION BY shopper ORDER BY acted_at, event_id ROWS UNBOUNDED PRECEDING
            ) AS visit
        FROM marked
        WHERE begins OR previous_product <> product_id
    )
    SELECT
        dense_rank() OVER (ORDER BY shopper, visit) AS session,
        row_number() OVER in_session AS step,
        first_value(acted_at) OVER in_session AS began,
        product_id
    FROM numbered
    WINDOW in_session AS (PARTITION BY shopper, visit ORDER BY acted_at, event_id)
"""

PAIRS: Final = """
    CREATE OR REPLACE TABLE pairs AS
    SELECT
        one.product_id AS product,
        other.product_id AS neighbour,
        sum(
            CASE WHEN other.step > one.step THEN 1.0 ELSE CAST($backward AS DOUBLE) END
            / abs(other.step - one.step)
        ) AS weight
    FROM steps AS one
    JOIN steps AS other
        ON other.session = one.session
        AND other.step BETWEEN one.step - $pair_window AND one.step + $pair_window
    WHERE one.product_id <> other.product_id AND one.began < CAST($until AS TIMESTAMP)
    GROUP BY 1, 2
"""

POPULARITY: Final = """
    CREATE OR REPLACE TABLE popularity AS
    SELECT products.id AS product, count(steps.product_id) AS clicks
    FROM products
    LEFT JOIN steps
        ON steps.product_id = products.id AND steps.began < CAST($until AS TIMESTAMP)
    GROUP BY 1
"""

COVISITS: Final = """
    CREATE OR REPLACE TABLE covisits AS
    WITH damped AS (
        SELECT
            pairs.product,
            neighbour,
            weight / pow(clicks, CAST($popularity_power AS DOUBLE)) AS score
        FROM pairs
        JOIN popularity ON popularity.product = neighbour
    )
    SELECT product, neighbour, score / top AS score
    FROM damped
    JOIN (SELECT product, max(score) AS top FROM damped GROUP BY product) USING (product)
"""

# Popular ones, because they are worth showing; new ones, because nothing else would show them;
# and the best by covisits, because likeness decides among them, too.
CANDIDATES: Final = """
    CREATE OR REPLACE TABLE candidates AS
    WITH pool AS (
        SELECT id, sub_category_code, gender_code
        FROM products
        JOIN popularity ON product = id
        QUALIFY
            row_number() OVER (
                PARTITION BY sub_category_code, gender_code ORDER BY clicks DESC, id
            ) <= $candidates
            OR row_number() OVER (
                PARTITION BY sub_category_code, gender_code ORDER BY age_rank
            ) <= $candidates
    )
    SELECT products.id AS product, pool.id AS neighbour
    FROM products
    JOIN pool USING (sub_category_code, gender_code)
    WHERE products.id <> pool.id
    UNION
    SELECT product, neighbour
    FROM covisits
    QUALIFY row_number() OVER (PARTITION BY product ORDER BY score DESC, neighbour)
        <= 2 * $neighbours
"""

NEIGHBOURS: Final = """
    WITH blended AS (
        SELECT
            product,
            neighbour,
            coalesce(covisits.score, 0)
                + CAST($content_weight AS DOUBLE) * likeness.score AS score
        FROM likeness
        LEFT JOIN covisits USING (product, neighbour)
    )
    SELECT product, neighbour, score
    FROM blended
    QUALIFY row_number() OVER (PARTITION BY product ORDER BY score DESC, neighbour) <= $neighbours
    ORDER BY product, score DESC, neighbour
"""

# Forward decay: each act's weight is fixed when it happens, so counts add up in any order.
TRENDS: Final = """
    WITH weighted AS (
        SELECT
            product_id,
            (
                CASE type
                    WHEN 'add_to_cart' THEN CAST($cart AS DOUBLE)
                    WHEN 'purchase' THEN CAST($purchase AS DOUBLE)
                    ELSE CAST($view AS DOUBLE)
                END
            )
            * pow(
                2,
                (epoch(acted_at) - epoch(CAST($until AS TIMESTAMP))) / CAST($half_life AS DOUBLE)
            ) AS weight
        FROM acts
        WHERE acted_at < CAST($until AS TIMESTAMP)
    ),
    counted AS (
        SELECT product_id, sum(weight) AS score FROM weighted GROUP BY 1
    ),
    scoped AS (
        SELECT 'global' AS scope, product_id, score FROM counted
        UNION ALL
        SELECT 'gender#' || gender, product_id, score FROM counted JOIN products ON id = product_id
        UNION ALL
        SELECT 'category#' || master_category, product_id, score
        FROM counted
        JOIN products ON id = product_id
    )
    SELECT scope, product_id, score / max(score) OVER (PARTITION BY scope) AS relative
    FROM scoped
    QUALIFY row_number() OVER (PARTITION BY scope ORDER BY score DESC, product_id) <= $length
    ORDER BY scope, relative DESC, product_id
"""

SPLIT: Final = """
    SELECT quantile_disc(began, CAST(? AS DOUBLE)) FROM (SELECT DISTINCT session, began FROM steps)
"""

SESSIONS: Final = """
    SELECT list(product_id ORDER BY step) AS products
    FROM steps
    WHERE began >= CAST(? AS TIMESTAMP)
    GROUP BY session
    HAVING count(*) > 1
    ORDER BY min(began) DESC, session
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
        WITH summed AS MATERIALIZED (
            SELECT product, neighbour, CAST({total} AS FLOAT) AS lift
            FROM candidates
            JOIN products AS one ON one.id = product
            JOIN products AS other ON other.id = neighbour
            {joins}
        )
        SELECT product, neighbour, exp(CAST($power AS DOUBLE) * (lift - top)) AS score
        FROM summed
        JOIN (SELECT product, max(lift) AS top FROM summed GROUP BY product) USING (product)
    """  # noqa: S608 - made of ATTRIBUTES alone
