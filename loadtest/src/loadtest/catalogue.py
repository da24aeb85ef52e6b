"""A first look around the shop: its products, as far as the shoppers shall know them."""

import httpx

from loadtest.errors import ShopUnreachableError
from loadtest.shelf import Shelf, ShelfProduct

_PAGE_SIZE = 100


async def read_shelf(client: httpx.AsyncClient, storefront: str, *, limit: int) -> Shelf:
    """Read up to `limit` products, page by page.

    Raises ShopUnreachableError if the shop does not answer, ShelfEmptyError if it has no product.
    """
    products: list[ShelfProduct] = []
    cursor: str | None = ""
    while cursor is not None and len(products) < limit:
        page = {"limit": str(min(_PAGE_SIZE, limit - len(products)))}
        try:
            response = await client.get(
                f"{storefront}/products",
                params=page | ({"cursor": cursor} if cursor else {}),
                extensions={"endpoint": "GET /products"},
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise ShopUnreachableError(storefront) from error
        body = response.json()
        products += [ShelfProduct.from_row(row) for row in body["items"]]
        cursor = body["next_cursor"]
    return Shelf(products)
