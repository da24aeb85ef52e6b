-- Best sellers of the day
-- :day is a business day. Revenue is what was paid, not today's price.
SELECT
    lines.product_id,
    products.product_display_name AS product,
    products.article_type,
    SUM(lines.quantity) AS units,
    SUM(lines.line_total) AS revenue,
    COUNT(DISTINCT lines.user_key) AS buyers
FROM purchase_lines AS lines
LEFT JOIN products ON products.id = lines.product_id
WHERE lines.business_day = :day
GROUP BY lines.product_id, products.product_display_name, products.article_type
ORDER BY units DESC, revenue DESC, lines.product_id
LIMIT 10
