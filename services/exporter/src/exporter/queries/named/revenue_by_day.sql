-- Revenue of the fourteen days up to the day
-- :day is the last one. `net` is what is left after refunds; a day that is missing was not loaded.
SELECT
    business_day,
    purchases,
    units,
    revenue,
    refunds,
    revenue - refunds AS net,
    ROUND(CAST(revenue AS DOUBLE) / NULLIF(purchases, 0), 2) AS average_basket,
    cancelled
FROM sales_daily
WHERE business_day > DATE_ADD('day', -14, :day) AND business_day <= :day
ORDER BY business_day
