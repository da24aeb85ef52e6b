-- Trending categories of the day, against their week before
-- :day is a business day. A cart counts as 4 views and a purchase as 6; `usual` is the mean of the
-- seven days before; one view is added to both sides of the lift, so that a category nobody looked
-- at before does not win by a single view.
WITH interest AS (
    SELECT
        products.sub_category AS category,
        events.business_day,
        events.shopper_key,
        CASE events.type WHEN 'add_to_cart' THEN 4 WHEN 'purchase' THEN 6 ELSE 1 END AS weight
    FROM events
    INNER JOIN products ON products.id = events.product_id
    WHERE
        events.business_day >= DATE_ADD('day', -7, :day)
        AND events.business_day <= :day
        AND events.type IN ('product_view', 'list_click', 'add_to_cart', 'purchase')
), categories AS (
    SELECT
        category,
        SUM(CASE WHEN business_day = :day THEN weight ELSE 0 END) AS interest,
        CAST(SUM(CASE WHEN business_day < :day THEN weight ELSE 0 END) AS DOUBLE) / 7 AS usual,
        COUNT(DISTINCT CASE WHEN business_day = :day THEN shopper_key END) AS shoppers
    FROM interest
    GROUP BY category
)
SELECT
    category,
    interest,
    shoppers,
    ROUND(usual, 1) AS usual,
    ROUND((interest + 1) / (usual + 1), 2) AS lift
FROM categories
WHERE interest > 0
ORDER BY (interest + 1) / (usual + 1) DESC, category
LIMIT 10
