-- How far the day's shoppers went
-- A shopper counts in a step only if she was in each step before it on this day. A purchase proves
-- its checkout. Refunds, the joining of two ids and an erasure are the shop's acts, not a visit.
WITH shoppers AS (
    SELECT
        shopper_key,
        MAX(CASE WHEN type IN ('product_view', 'list_click') THEN 1 ELSE 0 END) AS viewed,
        MAX(CASE WHEN type = 'add_to_cart' THEN 1 ELSE 0 END) AS carted,
        MAX(CASE WHEN type IN ('begin_checkout', 'purchase') THEN 1 ELSE 0 END) AS checkout,
        MAX(CASE WHEN type = 'purchase' THEN 1 ELSE 0 END) AS purchased
    FROM events
    WHERE business_day = :day AND type NOT IN ('refund', 'identify', 'erase')
    GROUP BY shopper_key
), counts AS (
    SELECT
        COUNT(*) AS visited,
        COALESCE(SUM(viewed), 0) AS viewed,
        COALESCE(SUM(viewed * carted), 0) AS carted,
        COALESCE(SUM(viewed * carted * checkout), 0) AS checkout,
        COALESCE(SUM(viewed * carted * checkout * purchased), 0) AS purchased
    FROM shoppers
), steps AS (
    SELECT 1 AS position, 'visited' AS step, visited AS shoppers, NULL AS previous FROM counts
    UNION ALL
    SELECT 2 AS position, 'viewed' AS step, viewed AS shoppers, visited AS previous FROM counts
    UNION ALL
    SELECT 3 AS position, 'carted' AS step, carted AS shoppers, viewed AS previous FROM counts
    UNION ALL
    SELECT 4 AS position, 'checkout' AS step, checkout AS shoppers, carted AS previous FROM counts
    UNION ALL
    SELECT 5 AS position, 'purchased' AS step, purchased AS shoppers, checkout AS previous
    FROM counts
)
SELECT
    steps.position,
    steps.step,
    steps.shoppers,
    CAST(steps.shoppers AS DOUBLE) / NULLIF(steps.previous, 0) AS share_of_previous,
    CAST(steps.shoppers AS DOUBLE) / NULLIF(counts.visited, 0) AS share_of_first,
    :day AS business_day
FROM steps
CROSS JOIN counts
