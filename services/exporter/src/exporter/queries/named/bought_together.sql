-- What is bought together
-- Up to `as_of`; each pair once. A lift of 2: twice as often as two that know nothing of each other.
SELECT
    one.product_display_name AS product,
    other.product_display_name AS goes_with,
    basket_pairs.baskets,
    ROUND(100 * basket_pairs.confidence, 1) AS percent_of_baskets,
    ROUND(basket_pairs.lift, 1) AS lift,
    basket_pairs.as_of
FROM basket_pairs
LEFT JOIN products AS one ON one.id = basket_pairs.product_id
LEFT JOIN products AS other ON other.id = basket_pairs.with_product_id
WHERE basket_pairs.product_id < basket_pairs.with_product_id
ORDER BY basket_pairs.baskets DESC, basket_pairs.lift DESC, basket_pairs.product_id,
    basket_pairs.with_product_id
LIMIT 10
