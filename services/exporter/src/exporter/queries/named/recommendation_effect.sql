-- What came of the recommendations in the fourteen days up to the day
-- :day is the last one. Only what followed on the same day counts, so this is the least they did.
SELECT
    list_id,
    SUM(impressions) AS impressions,
    SUM(clicks) AS clicks,
    ROUND(
        100 * SUM(click_through * impressions) / NULLIF(SUM(impressions), 0), 1
    ) AS percent_clicked,
    SUM(carts) AS carts,
    SUM(purchases) AS purchases,
    SUM(revenue) AS revenue,
    ROUND(
        1000 * CAST(SUM(revenue) AS DOUBLE) / NULLIF(SUM(impressions), 0), 2
    ) AS revenue_per_1000
FROM recommendation_effect_daily
WHERE business_day > DATE_ADD('day', -14, :day) AND business_day <= :day
GROUP BY list_id
ORDER BY SUM(impressions) DESC, list_id
