-- What became of each product on the day
-- Cancelled purchases sold nothing; two lines of one purchase are one purchase of the product.
WITH acts AS (
    SELECT
        product_id,
        COUNT_IF(type IN ('product_view', 'list_click')) AS views,
        COUNT(DISTINCT CASE WHEN type IN ('product_view', 'list_click') THEN shopper_key END)
            AS viewers,
        COUNT_IF(type = 'add_to_cart') AS carts
    FROM events
    WHERE
        business_day = :day
        AND product_id IS NOT NULL
        AND type IN ('product_view', 'list_click', 'add_to_cart')
    GROUP BY product_id
), sold AS (
    SELECT
        purchase_lines.product_id,
        COUNT(DISTINCT purchase_lines.purchase_id) AS purchases,
        SUM(purchase_lines.quantity) AS units,
        SUM(purchase_lines.line_total) AS revenue
    FROM purchase_lines
    INNER JOIN purchases ON purchases.id = purchase_lines.purchase_id
    WHERE
        purchase_lines.business_day = :day
        AND purchases.business_day = :day
        AND purchases.status <> 'cancelled'
    GROUP BY purchase_lines.product_id
)
SELECT
    COALESCE(acts.product_id, sold.product_id) AS product_id,
    COALESCE(acts.views, 0) AS views,
    COALESCE(acts.viewers, 0) AS viewers,
    COALESCE(acts.carts, 0) AS carts,
    COALESCE(sold.purchases, 0) AS purchases,
    COALESCE(sold.units, 0) AS units,
    COALESCE(sold.revenue, 0) AS revenue,
    :day AS business_day
FROM acts
FULL OUTER JOIN sold ON sold.product_id = acts.product_id
