"""Products and acts brought to the bench, and cut into sessions."""

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
