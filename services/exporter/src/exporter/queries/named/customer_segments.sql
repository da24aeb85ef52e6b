-- Buyers by recency, frequency and money
-- Up to `as_of`. Percent is of what all buyers together have paid.
WITH everybody AS (
    SELECT SUM(monetary) AS monetary FROM customer_rfm
)
SELECT
    customer_rfm.segment,
    COUNT(*) AS buyers,
    ROUND(AVG(CAST(customer_rfm.recency_days AS DOUBLE)), 1) AS mean_days_since,
    ROUND(AVG(CAST(customer_rfm.frequency AS DOUBLE)), 1) AS mean_purchases,
    SUM(customer_rfm.monetary) AS revenue,
    ROUND(
        100 * CAST(SUM(customer_rfm.monetary) AS DOUBLE)
        / NULLIF(CAST(MAX(everybody.monetary) AS DOUBLE), 0),
        1
    ) AS percent_of_revenue,
    MAX(customer_rfm.as_of) AS as_of
FROM customer_rfm
CROSS JOIN everybody
GROUP BY customer_rfm.segment
ORDER BY SUM(customer_rfm.monetary) DESC, customer_rfm.segment
