-- What was asked for more, and less, than in the 28 days before
-- A cart counts as 4 views and a purchase as 6. The lift compares shares, so that a busy day lifts
-- nothing by itself; one view is added to each value on either side, so that a value nobody asked
-- for before does not win by a single view. The z-score compares shares of shoppers, a shopper
-- counting once a day: acts of one shopper are no independent witnesses. Days of which the lake has
-- no event at all are not counted as days without interest.
WITH dimensions AS (
    SELECT 'sub_category' AS dimension
    UNION ALL SELECT 'article_type' AS dimension
    UNION ALL SELECT 'base_colour' AS dimension
    UNION ALL SELECT 'season' AS dimension
), described AS (
    SELECT
        products.id,
        dimensions.dimension,
        CASE dimensions.dimension
            WHEN 'sub_category' THEN products.sub_category
            WHEN 'article_type' THEN products.article_type
            WHEN 'base_colour' THEN products.base_colour
            ELSE products.season
        END AS value
    FROM products
    CROSS JOIN dimensions
), acts AS (
    SELECT
        business_day,
        product_id,
        shopper_key,
        CASE type WHEN 'add_to_cart' THEN 4 WHEN 'purchase' THEN 6 ELSE 1 END AS weight
    FROM events
    WHERE
        business_day >= DATE_ADD('day', -28, :day)
        AND business_day <= :day
        AND product_id IS NOT NULL
        AND type IN ('product_view', 'list_click', 'add_to_cart', 'purchase')
), known_days AS (
    SELECT COUNT(DISTINCT business_day) AS days
    FROM events
    WHERE business_day >= DATE_ADD('day', -28, :day) AND business_day < :day
), per_day AS (
    SELECT
        described.dimension,
        described.value,
        acts.business_day,
        SUM(acts.weight) AS interest,
        COUNT(DISTINCT acts.shopper_key) AS shoppers
    FROM acts
    INNER JOIN described ON described.id = acts.product_id
    WHERE described.value IS NOT NULL
    GROUP BY described.dimension, described.value, acts.business_day
), crowd_per_day AS (
    SELECT business_day, COUNT(DISTINCT shopper_key) AS shoppers
    FROM acts
    GROUP BY business_day
), crowd AS (
    SELECT
        COALESCE(SUM(CASE WHEN business_day = :day THEN shoppers ELSE 0 END), 0) AS today,
        COALESCE(SUM(CASE WHEN business_day < :day THEN shoppers ELSE 0 END), 0) AS before
    FROM crowd_per_day
), per_value AS (
    SELECT
        dimension,
        value,
        SUM(CASE WHEN business_day = :day THEN interest ELSE 0 END) AS interest,
        SUM(CASE WHEN business_day < :day THEN interest ELSE 0 END) AS interest_before,
        SUM(CASE WHEN business_day = :day THEN shoppers ELSE 0 END) AS shoppers,
        SUM(CASE WHEN business_day < :day THEN shoppers ELSE 0 END) AS shoppers_before
    FROM per_day
    GROUP BY dimension, value
), totals AS (
    SELECT
        dimension,
        COUNT(*) AS known_values,
        SUM(interest) AS interest,
        SUM(interest_before) AS interest_before
    FROM per_value
    GROUP BY dimension
), compared AS (
    SELECT
        per_value.dimension,
        per_value.value,
        per_value.interest,
        per_value.shoppers,
        known_days.days,
        CAST(per_value.interest_before AS DOUBLE) / NULLIF(known_days.days, 0) AS usual,
        (CAST(per_value.interest + 1 AS DOUBLE) / (totals.interest + totals.known_values))
        / (
            CAST(per_value.interest_before + 1 AS DOUBLE)
            / (totals.interest_before + totals.known_values)
        ) AS lift,
        CAST(per_value.shoppers AS DOUBLE) / NULLIF(crowd.today, 0) AS share,
        CAST(per_value.shoppers_before AS DOUBLE) / NULLIF(crowd.before, 0) AS share_before,
        CAST(per_value.shoppers + per_value.shoppers_before AS DOUBLE)
        / NULLIF(crowd.today + crowd.before, 0) AS pooled,
        CAST(crowd.today AS DOUBLE) AS crowd_today,
        CAST(crowd.before AS DOUBLE) AS crowd_before
    FROM per_value
    INNER JOIN totals ON totals.dimension = per_value.dimension
    CROSS JOIN crowd
    CROSS JOIN known_days
    WHERE totals.interest > 0
), tested AS (
    SELECT
        dimension,
        value,
        interest,
        shoppers,
        COALESCE(usual, 0) AS usual,
        CASE WHEN days > 0 THEN lift ELSE 1 END AS lift,
        COALESCE(
            (share - share_before)
            / NULLIF(SQRT(pooled * (1 - pooled) * (1 / crowd_today + 1 / NULLIF(crowd_before, 0))), 0),
            0
        ) AS z_score,
        COALESCE(share_before * crowd_today, 0) AS expected_shoppers
    FROM compared
)
SELECT
    dimension,
    value,
    interest,
    shoppers,
    usual,
    lift,
    z_score,
    (shoppers >= :trend_shoppers OR expected_shoppers >= :trend_shoppers)
    AND ABS(z_score) >= :trend_z_score
    AND z_score * (lift - 1) > 0 AS is_significant,
    :day AS business_day
FROM tested
