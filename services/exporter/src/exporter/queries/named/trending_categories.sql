-- Trending categories and colours of the day, against the 28 days before
-- :day is a business day. What is certain comes first: see `is_significant` in the data dictionary.
SELECT
    dimension,
    value,
    interest,
    ROUND(usual, 1) AS usual,
    shoppers,
    ROUND(lift, 2) AS lift,
    ROUND(z_score, 1) AS z_score,
    is_significant
FROM category_trend_daily
WHERE
    business_day = :day
    AND dimension IN ('sub_category', 'base_colour')
    AND interest > 0
    AND lift > 1
ORDER BY is_significant DESC, category_trend_daily.lift DESC, dimension, value
LIMIT 10
