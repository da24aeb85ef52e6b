-- What is bought together, in the 90 days up to the latest
-- A basket holds a product once, however many lines and units of it there are.
WITH baskets AS (
    SELECT DISTINCT purchase_lines.purchase_id, purchase_lines.product_id
    FROM purchase_lines
    INNER JOIN purchases ON purchases.id = purchase_lines.purchase_id
    WHERE
        purchase_lines.business_day > DATE_ADD('day', -90, :day)
        AND purchase_lines.business_day <= :day
        AND purchases.business_day > DATE_ADD('day', -90, :day)
        AND purchases.business_day <= :day
        AND purchases.status <> 'cancelled'
), every_basket AS (
    SELECT CAST(COUNT(DISTINCT purchase_id) AS DOUBLE) AS baskets FROM baskets
), of_product AS (
    SELECT product_id, CAST(COUNT(*) AS DOUBLE) AS baskets FROM baskets GROUP BY product_id
), pairs AS (
    SELECT
        one.product_id,
        other.product_id AS with_product_id,
        COUNT(*) AS baskets
    FROM baskets AS one
    INNER JOIN baskets AS other ON other.purchase_id = one.purchase_id
    WHERE other.product_id <> one.product_id
    GROUP BY one.product_id, other.product_id
    HAVING COUNT(*) >= :pair_baskets
)
SELECT
    pairs.product_id,
    pairs.with_product_id,
    pairs.baskets,
    pairs.baskets / every_basket.baskets AS support,
    pairs.baskets / mine.baskets AS confidence,
    (pairs.baskets / mine.baskets) / (theirs.baskets / every_basket.baskets) AS lift,
    :day AS as_of
FROM pairs
INNER JOIN of_product AS mine ON mine.product_id = pairs.product_id
INNER JOIN of_product AS theirs ON theirs.product_id = pairs.with_product_id
CROSS JOIN every_basket
