-- Each buyer by recency, frequency and money
-- Fifths are of buyers, so equal buyers may fall into two of them; what is equal is told apart by
-- the other figures and then by the key, so that the same purchases always give the same scores.
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
        NTILE(5) OVER (ORDER BY last_day, frequency, monetary, user_key) AS recency_score,
        NTILE(5) OVER (ORDER BY frequency, last_day, monetary, user_key) AS frequency_score,
        NTILE(5) OVER (ORDER BY monetary, frequency, last_day, user_key) AS monetary_score
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
