"""The SQL that learns: plain enough for Athena, run by DuckDB.

products -> acts -> steps (sessions) -> halves -> pairs -> associations -> candidates -> likeness
                                                        -> lifts -------------------------^
associations, likeness -> neighbours; acts -> baskets -> together; acts -> trends
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
            coalesce(season, '') AS season,
            ntile({PRICE_BANDS}) OVER (ORDER BY price, id) AS price_band,
            age_rank,
            is_new
        FROM read_json(
            ?,
            format = 'newline_delimited',
            columns = {{
                id: 'UINTEGER', gender: 'VARCHAR', master_category: 'VARCHAR',
                sub_category: 'VARCHAR', article_type: 'VARCHAR', base_colour: 'VARCHAR',
                usage: 'VARCHAR', season: 'VARCHAR', price: 'DOUBLE', age_rank: 'INTEGER',
                is_new: 'BOOLEAN'
            }}
        )
    )
    SELECT
        id, gender, master_category, article_type, base_colour, season, age_rank, is_new, {CODES}
    FROM described
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

# A session ends with a pause; a product looked at again at once is one step. Shoppers become
# numbers first and are sorted once: that is what takes the time.
STEPS: Final = """
    CREATE TABLE steps AS
    WITH shoppers AS (
        SELECT shopper, row_number() OVER () AS number
        FROM (SELECT DISTINCT shopper FROM acts)
    ),
    ordered AS (
        SELECT
            row_number() OVER (ORDER BY number, acted_at, event_id) AS place,
            number,
            product_id,
            acted_at
        FROM acts
        JOIN shoppers USING (shopper)
    ),
    marked AS (
        SELECT
            *,
            lag(number) OVER by_place IS DISTINCT FROM number
                OR epoch(acted_at) - epoch(lag(acted_at) OVER by_place) > CAST(? AS DOUBLE)
                AS begins,
            lag(product_id) OVER by_place AS previous_product
        FROM ordered
        WINDOW by_place AS (ORDER BY place)
    ),
    numbered AS (
        SELECT
            *,
            sum(CAST(begins AS INTEGER)) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) AS session
        FROM marked
        WHERE begins OR previous_product <> product_id
    )
    SELECT
        CAST(session AS INTEGER) AS session,
        CAST(row_number() OVER (ORDER BY place) AS INTEGER) AS step,
        acted_at,
        product_id
    FROM numbered
"""

SESSION_STARTS: Final = """
    CREATE TABLE starts AS
    SELECT session, min(acted_at) AS began FROM steps GROUP BY session
"""

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

# ln(1 + share / scale): what several anchors agree on counts more than what one of them shouts, as
# when their odds are multiplied; and a neighbour never seen says nothing, so that rows stay short.
ASSOCIATIONS: Final = """
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
    totals AS (
        SELECT product, sum(weight) + CAST($prior AS DOUBLE) AS total FROM damped GROUP BY 1
    )
    SELECT
        product, neighbour, ln(1 + weight / total / CAST($scale AS DOUBLE)) AS score
    FROM damped
    JOIN totals USING (product)
    QUALIFY row_number() OVER (PARTITION BY product ORDER BY weight DESC, neighbour)
        <= 2 * $neighbours
"""

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

# What one shopper bought on one day; what was only put in the cart says less. A basket is cut off
# where it is no longer one person's shopping.
TOGETHER: Final = """
    WITH items AS (
        SELECT
            shopper,
            CAST(acted_at AS DATE) AS day,
            product_id,
            max(CASE WHEN type = 'purchase' THEN 1 ELSE CAST($cart_share AS DOUBLE) END) AS weight
        FROM acts
        WHERE type IN ('add_to_cart', 'purchase')
        GROUP BY 1, 2, 3
    ),
    baskets AS (
        SELECT *
        FROM items
        QUALIFY row_number() OVER (PARTITION BY shopper, day ORDER BY weight DESC, product_id)
            <= $basket_length
    ),
    sold AS (
        SELECT product_id, sum(weight) AS weight FROM baskets GROUP BY 1
    ),
    pairs_sold AS (
        SELECT one.product_id AS product, other.product_id AS neighbour,
            sum(one.weight * other.weight) AS weight
        FROM baskets AS one
        JOIN baskets AS other
            ON other.shopper = one.shopper AND other.day = one.day
            AND other.product_id <> one.product_id
        GROUP BY 1, 2
    ),
    damped AS (
        SELECT
            product,
            neighbour,
            pairs_sold.weight / pow(sold.weight, CAST($popularity_power AS DOUBLE)) AS weight
        FROM pairs_sold
        JOIN sold ON sold.product_id = neighbour
    ),
    totals AS (
        SELECT product, sum(weight) + CAST($prior AS DOUBLE) AS total FROM damped GROUP BY 1
    )
    SELECT product, neighbour, ln(1 + weight / total / CAST($scale AS DOUBLE)) AS score
    FROM damped
    JOIN totals USING (product)
    QUALIFY row_number() OVER (PARTITION BY product ORDER BY weight DESC, neighbour) <= $neighbours
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
        UNION ALL
        SELECT 'segment#' || gender || '#' || master_category, product_id, score
        FROM counted
        JOIN products ON id = product_id
    )
    SELECT scope, product_id, score / max(score) OVER (PARTITION BY scope) AS relative
    FROM scoped
    QUALIFY row_number() OVER (PARTITION BY scope ORDER BY score DESC, product_id) <= $length
    ORDER BY scope, relative DESC, product_id
"""

SPLIT: Final = """
    SELECT quantile_disc(began, CAST(? AS DOUBLE)) FROM starts
"""

SESSIONS: Final = """
    SELECT list(product_id ORDER BY step) AS products
    FROM steps
    JOIN starts USING (session)
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
