"""What is bought together."""

from typing import Final

from recommender.learning.queries.scores import scored

# What one shopper bought on one day; what was only put in the cart says less. A basket is cut off
# where it is no longer one person's shopping.
TOGETHER: Final = f"""
    WITH items AS (
        SELECT
            shopper,
            CAST(acted_at AS DATE) AS day,
            product_id,
            max(CASE WHEN type = 'purchase' THEN 1 ELSE CAST($cart_share AS DOUBLE) END) AS weight
        FROM acts
        WHERE type IN ('add_to_cart', 'purchase')
        GROUP BY 1, 2, 3
    ),
    baskets AS (
        SELECT *
        FROM items
        QUALIFY row_number() OVER (PARTITION BY shopper, day ORDER BY weight DESC, product_id)
            <= $basket_length
    ),
    sold AS (
        SELECT product_id, sum(weight) AS weight FROM baskets GROUP BY 1
    ),
    pairs_sold AS (
        SELECT one.product_id AS product, other.product_id AS neighbour,
            sum(one.weight * other.weight) AS weight
        FROM baskets AS one
        JOIN baskets AS other
            ON other.shopper = one.shopper AND other.day = one.day
            AND other.product_id <> one.product_id
        GROUP BY 1, 2
    ),
    damped AS (
        SELECT
            product,
            neighbour,
            pairs_sold.weight / pow(sold.weight, CAST($popularity_power AS DOUBLE)) AS weight
        FROM pairs_sold
        JOIN sold ON sold.product_id = neighbour
    ),
    {scored("$neighbours")}
    ORDER BY product, score DESC, neighbour
"""  # noqa: S608 - made of constants
