-- New and returning buyers of the fourteen days up to the day
-- :day is the last one. A new buyer had never bought before that day.
SELECT
    business_day,
    buyers,
    new_buyers,
    buyers - new_buyers AS returning_buyers,
    ROUND(100 * CAST(new_buyers AS DOUBLE) / NULLIF(buyers, 0), 1) AS percent_new
FROM sales_daily
WHERE business_day > DATE_ADD('day', -14, :day) AND business_day <= :day
ORDER BY business_day
