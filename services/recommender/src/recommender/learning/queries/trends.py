"""What is wanted just now, by scope."""

from typing import Final

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
