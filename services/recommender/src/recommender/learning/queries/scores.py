"""How much two products say of one another."""


def scored(kept: str) -> str:
    """Return the SQL that turns the weights of `damped` into scores, and keeps so many a product.

    ln(1 + share / scale): what several anchors agree on counts more than what one of them shouts,
    as when their odds are multiplied; and a neighbour never seen says nothing, so that rows stay
    short.
    """
    return f"""
        totals AS (
            SELECT product, sum(weight) + CAST($prior AS DOUBLE) AS total FROM damped GROUP BY 1
        )
        SELECT product, neighbour, ln(1 + weight / total / CAST($scale AS DOUBLE)) AS score
        FROM damped
        JOIN totals USING (product)
        QUALIFY row_number() OVER (PARTITION BY product ORDER BY weight DESC, neighbour) <= {kept}
    """  # noqa: S608 - kept is written by us
