-- Each buyer by recency, frequency and money
-- A score is the fifth of the buyers up to which one has come: 5 of a figure that none surpasses.
-- Who is equal in a figure has the same score of it, so nobody who bought today is called lost.
-- Who was erased is nobody's row. Whoever bought once is never champion, loyal or at_risk, whatever the fifth.
WITH buyers AS (
    SELECT
        user_key,
        MAX(business_day) AS last_day,
        COUNT(*) AS frequency,
        SUM(total) AS monetary
    FROM purchases
    WHERE business_day <= :day AND status NOT IN ('cancelled', 'refunded')
        AND user_key <> 'erased'
    GROUP BY user_key
), scored AS (
    SELECT
        user_key,
        DATE_DIFF('day', last_day, :day) AS recency_days,
        frequency,
        monetary,
        CAST(CEIL(
            CAST(5 * COUNT(*) OVER (ORDER BY last_day) AS DOUBLE) / COUNT(*) OVER ()
        ) AS INTEGER) AS recency_score,
        CAST(CEIL(
            CAST(5 * COUNT(*) OVER (ORDER BY frequency) AS DOUBLE) / COUNT(*) OVER ()
        ) AS INTEGER) AS frequency_score,
        CAST(CEIL(
            CAST(5 * COUNT(*) OVER (ORDER BY monetary) AS DOUBLE) / COUNT(*) OVER ()
        ) AS INTEGER) AS monetary_score
    FROM buyers
)
SELECT
    user_key,
    recency_days,
    frequency,
    monetary,
    recency_score,
    frequency_score,
    monetary_score,
    CASE
        WHEN frequency = 1 AND recency_score >= 4 THEN 'new'
        WHEN frequency = 1 AND recency_score = 3 THEN 'promising'
        WHEN frequency = 1 THEN 'lost'
        WHEN recency_score >= 4 AND frequency_score >= 4 AND monetary_score >= 4 THEN 'champion'
        WHEN recency_score >= 3 AND frequency_score >= 3 THEN 'loyal'
        WHEN recency_score >= 3 THEN 'promising'
        WHEN frequency_score >= 3 THEN 'at_risk'
        ELSE 'lost'
    END AS segment,
    :day AS as_of
FROM scored
