-- Who comes back: each month's new buyers in the months after it
-- Up to `as_of`, whose month is not over yet.
SELECT
    cohort,
    months_later,
    cohort_size,
    buyers,
    ROUND(100 * share, 1) AS percent_back,
    revenue,
    as_of
FROM cohort_retention
ORDER BY cohort, months_later
