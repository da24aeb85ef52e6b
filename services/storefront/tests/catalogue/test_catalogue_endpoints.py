"""GET /products: what is on sale, page by page."""

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct

pytestmark = pytest.mark.servers


class TestListProducts:
    def test_walking_the_pages_meets_every_product_once(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        made = [make_product() for _ in range(5)]
        met: list[int] = []
        query: dict[str, str | int] = {"limit": 2}
        while True:
            page = client.get("/products", params=query).json()
            met += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert met == made

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("gender", "Women"),
            ("master_category", "Apparel"),
            ("sub_category", "Topwear"),
            ("article_type", "Shirts"),
            ("base_colour", "Navy Blue"),
        ],
    )
    def test_a_filter_keeps_only_what_it_names(
        self, client: httpx.Client, make_product: MakeProduct, column: str, value: str
    ) -> None:
        wanted = make_product(**{column: value})
        make_product(**{column: value.lower()})
        make_product()
        page = client.get("/products", params={column: value}).json()
        assert [item["id"] for item in page["items"]] == [wanted]

    def test_filters_are_kept_along_the_pages(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        wanted = [make_product(gender=gender) for gender in ("Men", "Women", "Men")][::2]
        query: dict[str, str | int] = {"gender": "Men", "limit": 1}
        first = client.get("/products", params=query).json()
        query["cursor"] = first["next_cursor"]
        second = client.get("/products", params=query).json()
        assert [first["items"][0]["id"], second["items"][0]["id"]] == wanted
        assert second["next_cursor"] is None

    def test_what_is_off_sale_is_not_listed(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        make_product(is_active=False)
        assert client.get("/products").json() == {"items": [], "next_cursor": None}

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": 0},
            {"limit": 101},
            {"limit": "x"},
            {"cursor": "not one"},
            {"cursor": "x" * 200},
            {"cursor": "OTk5OTk5OTk5OTk5OTk5"},
            {"gender": "x" * 61},
        ],
        ids=str,
    )
    def test_a_bad_query_is_422(self, client: httpx.Client, query: dict[str, str | int]) -> None:
        assert client.get("/products", params=query).status_code == 422


class TestGetProduct:
    def test_money_is_text_and_stock_a_yes_or_no(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(price="1234.50", product_display_name="Blue shirt", year=2012)
        shown = client.get(f"/products/{product}").json()
        assert (shown["price"], shown["currency"], shown["in_stock"]) == ("1234.50", "INR", True)
        assert (shown["product_display_name"], shown["year"]) == ("Blue shirt", 2012)
        assert shown["base_colour"] is None

    def test_what_is_sold_out_says_so(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(stock=0)
        assert client.get(f"/products/{product}").json()["in_stock"] is False

    def test_an_unknown_product_is_404(self, client: httpx.Client) -> None:
        answer = client.get("/products/4711")
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:fashion-store:problem:product-not-found"

    def test_what_is_off_sale_is_404(self, client: httpx.Client, make_product: MakeProduct) -> None:
        assert client.get(f"/products/{make_product(is_active=False)}").status_code == 404

    @pytest.mark.parametrize("product_id", ["0", "-1", "4294967296", "x"])
    def test_what_cannot_be_an_id_is_422(self, client: httpx.Client, product_id: str) -> None:
        assert client.get(f"/products/{product_id}").status_code == 422
