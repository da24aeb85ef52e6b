-- From visiting to buying: how many shoppers of the day went how far
-- :day is a business day. A shopper counts in a step only if she was in each step before it.
SELECT
    position,
    step,
    shoppers,
    ROUND(100 * share_of_previous, 1) AS percent_of_step_before,
    ROUND(100 * share_of_first, 1) AS percent_of_visitors
FROM funnel_daily
WHERE business_day = :day
ORDER BY position
