"""The SQL that tells what followed from each answer of an experiment.

told (one row an event) -> impressions, carried -> clicks -> followed
"""

from typing import Final

# An act belongs to the answer whose id it carries. Carts and purchases carry none: they follow from
# the shopper's latest click on the same product. An answer is shown once, however often it is told.
IMPRESSIONS: Final = """
    WITH told AS (
        SELECT
            event_id,
            min(coalesce(user_id, anonymous_id)) AS shopper,
            min(type) AS type,
            min(product_id) AS product_id,
            min(recommendation_id) AS recommendation_id,
            min(list.position) AS place,
            min(least(event_time, received_at)) AS acted_at
        FROM read_json(
            $files,
            format = 'newline_delimited',
            compression = 'gzip',
            ignore_errors = true,
            columns = {
                event_id: 'VARCHAR', type: 'VARCHAR', user_id: 'VARCHAR', anonymous_id: 'VARCHAR',
                product_id: 'UINTEGER', recommendation_id: 'VARCHAR',
                list: 'STRUCT(position INTEGER)', event_time: 'TIMESTAMP', received_at: 'TIMESTAMP'
            }
        )
        WHERE type IN ('list_view', 'list_click', 'product_view', 'add_to_cart', 'purchase')
            AND event_id IS NOT NULL
            AND coalesce(user_id, anonymous_id) IS NOT NULL
            AND event_time >= CAST($since AS TIMESTAMP)
        GROUP BY event_id
    ),
    impressions AS (
        SELECT shopper, recommendation_id, min(acted_at) AS shown_at
        FROM told
        WHERE type = 'list_view' AND split_part(recommendation_id, '.', 2) = $experiment
        GROUP BY shopper, recommendation_id
    ),
    carried AS (
        SELECT told.*, shown_at
        FROM told
        JOIN impressions USING (shopper, recommendation_id)
        WHERE type <> 'list_view' AND acted_at BETWEEN shown_at AND shown_at + $attribution_window
    ),
    clicks AS (
        SELECT * FROM carried WHERE type IN ('list_click', 'product_view')
    ),
    candidates AS (
        SELECT
            shopper,
            clicks.recommendation_id,
            told.type,
            row_number() OVER (
                PARTITION BY told.event_id ORDER BY clicks.acted_at DESC, clicks.event_id DESC
            ) AS age
        FROM told
        JOIN clicks USING (shopper, product_id)
        WHERE told.type IN ('add_to_cart', 'purchase')
            AND told.recommendation_id IS NULL
            AND told.acted_at BETWEEN clicks.acted_at AND shown_at + $attribution_window
    ),
    outcomes AS (
        SELECT shopper, recommendation_id, type, place FROM carried
        UNION ALL
        SELECT shopper, recommendation_id, type, NULL FROM candidates WHERE age = 1
    )
    SELECT
        shopper,
        recommendation_id,
        list(DISTINCT place) FILTER (
            place >= 0 AND type IN ('list_click', 'product_view')
        ) AS places,
        list(DISTINCT type) FILTER (type IS NOT NULL) AS types
    FROM impressions
    LEFT JOIN outcomes USING (shopper, recommendation_id)
    GROUP BY shopper, recommendation_id
    ORDER BY shopper, recommendation_id
"""
