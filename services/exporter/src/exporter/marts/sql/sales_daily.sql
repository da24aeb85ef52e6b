-- What the day sold
-- One row, of zeros if nothing was sold. Goods and units come from the lines; the rest from the
-- purchases, so that two lines of one purchase do not count its shipping twice. Each purchase of an
-- erased buyer counts a buyer: whose it was is not known, and most buy once a day.
WITH ordered AS (
    SELECT id, user_key, status, shipping, tax, total
    FROM purchases
    WHERE business_day = :day
), kept AS (
    SELECT id, user_key, status, shipping, tax, total FROM ordered WHERE status <> 'cancelled'
), takings AS (
    SELECT
        COUNT(*) AS purchases,
        COUNT(DISTINCT CASE WHEN user_key <> 'erased' THEN user_key END)
            + COUNT_IF(user_key = 'erased') AS buyers,
        COALESCE(SUM(shipping), 0) AS shipping,
        COALESCE(SUM(tax), 0) AS tax,
        COALESCE(SUM(total), 0) AS revenue,
        COUNT_IF(status = 'refunded') AS refunded,
        COALESCE(SUM(CASE WHEN status = 'refunded' THEN total END), 0) AS refunds
    FROM kept
), contents AS (
    SELECT
        COALESCE(SUM(purchase_lines.quantity), 0) AS units,
        COALESCE(SUM(purchase_lines.line_total), 0) AS goods
    FROM purchase_lines
    INNER JOIN kept ON kept.id = purchase_lines.purchase_id
    WHERE purchase_lines.business_day = :day
), first_days AS (
    SELECT user_key, MIN(business_day) AS first_day
    FROM purchases
    WHERE business_day <= :day AND status <> 'cancelled' AND user_key <> 'erased'
    GROUP BY user_key
), newcomers AS (
    SELECT COUNT(*) AS new_buyers FROM first_days WHERE first_day = :day
), withdrawn AS (
    SELECT COUNT(*) AS cancelled FROM ordered WHERE status = 'cancelled'
)
SELECT
    takings.purchases,
    contents.units,
    takings.buyers,
    newcomers.new_buyers,
    contents.goods,
    takings.shipping,
    takings.tax,
    takings.revenue,
    withdrawn.cancelled,
    takings.refunded,
    takings.refunds,
    :day AS business_day
FROM takings
CROSS JOIN contents
CROSS JOIN newcomers
CROSS JOIN withdrawn
