-- How many of the buyers who began in a month came back in each month after it
-- A month is the shop's own: a purchase's business day says in which it is. Each cohort has a row
-- for every month in which the shop sold anything since, with zeros where nobody came back.
WITH bought AS (
    SELECT
        user_key,
        CAST(DATE_TRUNC('month', business_day) AS DATE) AS month,
        total
    FROM purchases
    WHERE business_day <= :day AND status <> 'cancelled' AND user_key <> 'erased'
), per_month AS (
    SELECT user_key, month, SUM(total) AS paid FROM bought GROUP BY user_key, month
), began AS (
    SELECT user_key, MIN(month) AS cohort FROM per_month GROUP BY user_key
), sizes AS (
    SELECT cohort, COUNT(*) AS cohort_size FROM began GROUP BY cohort
), months AS (
    SELECT DISTINCT month FROM per_month
), returned AS (
    SELECT
        began.cohort,
        per_month.month,
        COUNT(*) AS buyers,
        SUM(per_month.paid) AS revenue
    FROM per_month
    INNER JOIN began ON began.user_key = per_month.user_key
    GROUP BY began.cohort, per_month.month
)
SELECT
    sizes.cohort,
    DATE_DIFF('month', sizes.cohort, months.month) AS months_later,
    COALESCE(returned.buyers, 0) AS buyers,
    sizes.cohort_size,
    CAST(COALESCE(returned.buyers, 0) AS DOUBLE) / sizes.cohort_size AS share,
    COALESCE(returned.revenue, 0) AS revenue,
    :day AS as_of
FROM sizes
INNER JOIN months ON months.month >= sizes.cohort
LEFT JOIN returned ON returned.cohort = sizes.cohort AND returned.month = months.month
