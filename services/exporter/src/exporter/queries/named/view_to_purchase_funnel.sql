-- From looking to buying: how many shoppers of the day went how far
-- :day is a business day. A shopper counts in a step only if she was in each step before it.
WITH shoppers AS (
    SELECT
        shopper_key,
        MAX(CASE WHEN type IN ('product_view', 'list_click') THEN 1 ELSE 0 END) AS viewed,
        MAX(CASE WHEN type = 'add_to_cart' THEN 1 ELSE 0 END) AS chosen,
        MAX(CASE WHEN type = 'purchase' THEN 1 ELSE 0 END) AS bought
    FROM events
    WHERE business_day = :day
    GROUP BY shopper_key
), counts AS (
    SELECT
        COALESCE(SUM(viewed), 0) AS viewed,
        COALESCE(SUM(viewed * chosen), 0) AS chosen,
        COALESCE(SUM(viewed * chosen * bought), 0) AS bought
    FROM shoppers
), steps AS (
    SELECT 1 AS position, 'looked at a product' AS step, viewed AS shoppers, viewed AS previous
    FROM counts
    UNION ALL
    SELECT 2, 'put one into the cart', chosen, viewed FROM counts
    UNION ALL
    SELECT 3, 'bought', bought, chosen FROM counts
)
SELECT
    position,
    step,
    shoppers,
    ROUND(100 * CAST(shoppers AS DOUBLE) / NULLIF(previous, 0), 1) AS percent_of_step_before
FROM steps
ORDER BY position
