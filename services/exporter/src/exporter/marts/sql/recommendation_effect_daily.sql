-- What came of the picks shown on the day
-- An answer is shown once, however often it is told, in the list that the view names. An act that
-- carries the answer's id follows from it; a cart without one and a purchase follow from the
-- shopper's latest act of that kind on the same product, so nothing is counted for two answers. A
-- purchase counts once, for the list of the latest act; revenue counts where its line does.
-- What is done on a later day does not count; nor does a guest's click once she has logged in.
WITH carriers AS (
    SELECT event_id, type, shopper_key, recommendation_id, list_id, product_id, event_time
    FROM events
    WHERE
        business_day = :day
        AND recommendation_id IS NOT NULL
        AND type IN ('list_view', 'list_click', 'product_view', 'add_to_cart')
), answers AS (
    SELECT
        shopper_key,
        recommendation_id,
        MIN(COALESCE(list_id, '(unnamed)')) AS list_id,
        MIN(event_time) AS shown_at
    FROM carriers
    WHERE type = 'list_view'
    GROUP BY shopper_key, recommendation_id
), followed AS (
    SELECT
        carriers.event_id,
        carriers.type,
        carriers.shopper_key,
        carriers.recommendation_id,
        carriers.product_id,
        carriers.event_time,
        answers.list_id
    FROM carriers
    INNER JOIN answers
        ON answers.shopper_key = carriers.shopper_key
        AND answers.recommendation_id = carriers.recommendation_id
    WHERE
        carriers.type <> 'list_view'
        AND carriers.product_id IS NOT NULL
        AND carriers.event_time >= answers.shown_at
), shown AS (
    SELECT list_id, COUNT(*) AS impressions, COUNT(DISTINCT shopper_key) AS shoppers
    FROM answers
    GROUP BY list_id
), clicked AS (
    SELECT DISTINCT list_id, shopper_key, recommendation_id, product_id
    FROM followed
    WHERE type IN ('list_click', 'product_view')
), clicked_answers AS (
    SELECT DISTINCT list_id, shopper_key, recommendation_id FROM clicked
), clicks AS (
    SELECT list_id, COUNT(*) AS clicks FROM clicked GROUP BY list_id
), answers_with_clicks AS (
    SELECT list_id, COUNT(*) AS answers FROM clicked_answers GROUP BY list_id
), later_carts AS (
    SELECT
        followed.list_id,
        ROW_NUMBER() OVER (
            PARTITION BY events.event_id ORDER BY followed.event_time DESC, followed.event_id DESC
        ) AS age
    FROM events
    INNER JOIN followed
        ON followed.shopper_key = events.shopper_key
        AND followed.product_id = events.product_id
    WHERE
        events.business_day = :day
        AND events.type = 'add_to_cart'
        AND events.recommendation_id IS NULL
        AND events.event_time >= followed.event_time
), every_cart AS (
    SELECT list_id FROM followed WHERE type = 'add_to_cart'
    UNION ALL
    SELECT list_id FROM later_carts WHERE age = 1
), carts AS (
    SELECT list_id, COUNT(*) AS carts FROM every_cart GROUP BY list_id
), bought AS (
    SELECT
        followed.list_id,
        followed.event_time,
        followed.event_id,
        purchase_lines.purchase_id,
        purchase_lines.line_total,
        ROW_NUMBER() OVER (
            PARTITION BY purchase_lines.purchase_id, purchase_lines.line_number
            ORDER BY followed.event_time DESC, followed.event_id DESC
        ) AS age
    FROM purchase_lines
    INNER JOIN purchases ON purchases.id = purchase_lines.purchase_id
    INNER JOIN followed
        ON followed.shopper_key = purchase_lines.user_key
        AND followed.product_id = purchase_lines.product_id
    WHERE
        purchase_lines.business_day = :day
        AND purchases.business_day = :day
        AND purchases.status <> 'cancelled'
        AND purchase_lines.purchased_at >= followed.event_time
), led AS (
    SELECT
        list_id,
        line_total,
        ROW_NUMBER() OVER (
            PARTITION BY purchase_id ORDER BY event_time DESC, event_id DESC
        ) AS place
    FROM bought
    WHERE age = 1
), sold AS (
    SELECT list_id, COUNT_IF(place = 1) AS purchases, SUM(line_total) AS revenue
    FROM led
    GROUP BY list_id
)
SELECT
    shown.list_id,
    shown.impressions,
    shown.shoppers,
    COALESCE(clicks.clicks, 0) AS clicks,
    COALESCE(carts.carts, 0) AS carts,
    COALESCE(sold.purchases, 0) AS purchases,
    COALESCE(sold.revenue, 0) AS revenue,
    CAST(COALESCE(answers_with_clicks.answers, 0) AS DOUBLE) / shown.impressions AS click_through,
    :day AS business_day
FROM shown
LEFT JOIN clicks ON clicks.list_id = shown.list_id
LEFT JOIN answers_with_clicks ON answers_with_clicks.list_id = shown.list_id
LEFT JOIN carts ON carts.list_id = shown.list_id
LEFT JOIN sold ON sold.list_id = shown.list_id
