-- Best sellers of the day
-- :day is a business day. Revenue is what was paid, not today's price; cancelled purchases are out.
SELECT
    product_daily.product_id,
    products.product_display_name AS product,
    products.article_type,
    product_daily.units,
    product_daily.revenue,
    product_daily.purchases,
    product_daily.views
FROM product_daily
LEFT JOIN products ON products.id = product_daily.product_id
WHERE product_daily.business_day = :day AND product_daily.units > 0
ORDER BY product_daily.units DESC, product_daily.revenue DESC, product_daily.product_id
LIMIT 10
