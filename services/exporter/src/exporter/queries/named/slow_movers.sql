-- Slow movers: what lies in stock and hardly sold in the 28 days up to the day
-- :day is the last one. `days_of_stock` is how long it lasts at that pace, which is that of the
-- days that are in the lake; null if none was sold.
WITH sold AS (
    SELECT product_id, SUM(units) AS units, SUM(views) AS views
    FROM product_daily
    WHERE business_day > DATE_ADD('day', -28, :day) AND business_day <= :day
    GROUP BY product_id
), known AS (
    SELECT COUNT(DISTINCT business_day) AS days
    FROM product_daily
    WHERE business_day > DATE_ADD('day', -28, :day) AND business_day <= :day
)
SELECT
    products.id AS product_id,
    products.product_display_name AS product,
    products.stock,
    products.stock * products.price AS stock_value,
    COALESCE(sold.units, 0) AS units,
    COALESCE(sold.views, 0) AS views,
    ROUND(known.days * CAST(products.stock AS DOUBLE) / NULLIF(sold.units, 0), 0) AS days_of_stock
FROM products
LEFT JOIN sold ON sold.product_id = products.id
CROSS JOIN known
WHERE products.is_active AND products.stock > 0
ORDER BY
    CAST(COALESCE(sold.units, 0) AS DOUBLE) / products.stock,
    products.stock * products.price DESC,
    products.id
LIMIT 10
