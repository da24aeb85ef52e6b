"""GET /products, GET /categories: what is on sale, page by page, found and counted."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper

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
            ("season", "Summer"),
            ("usage", "Smart Casual"),
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
        page = client.get("/products").json()
        assert page == {"items": [], "next_cursor": None, "total": 0, "facets": None}

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
            {"sort": "size"},
            {"price_min": "-1"},
            {"price_max": "NaN"},
            {"price_max": "1.001"},
            {"year": "last"},
            {"in_stock": "perhaps"},
            {"q": "x" * 201},
            {"ids": "1,,2"},
            {"ids": ",".join(["1"] * 101)},
        ],
        ids=str,
    )
    def test_a_bad_query_is_422(self, client: httpx.Client, query: dict[str, str | int]) -> None:
        assert client.get("/products", params=query).status_code == 422


SORTS = ("id", "price", "-price", "newest", "popularity", "relevance")


def ids_of(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


class TestSearchProducts:
    def test_values_of_one_filter_are_alternatives_and_filters_add_up(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        made = [
            make_product(base_colour=colour, year=year, stock=stock, price=price)
            for colour, year, stock, price in [
                ("Red", 2011, 1, "10.00"),
                ("Blue", 2012, 1, "20.00"),
                ("Blue", 2012, 0, "20.00"),
                ("Blue", 2012, 1, "20.01"),
                ("Green", 2012, 1, "20.00"),
                (None, None, 1, "15.00"),
            ]
        ]
        query = "base_colour=Red&base_colour=Blue&year=2011&year=2012&in_stock=true"
        answer = client.get(f"/products?{query}&price_min=10&price_max=20")
        assert ids_of(answer) == made[:2]

    @pytest.mark.parametrize("text", ["T-shirts", "tshirt", "t shirt", "tshrit", "nike tshi"])
    def test_words_find_a_product_however_they_are_spelled(
        self, client: httpx.Client, make_product: MakeProduct, text: str
    ) -> None:
        wanted = make_product(article_type="Tshirts", product_display_name="Nike Blue T-shirt")
        make_product(article_type="Jeans", product_display_name="Lee Blue Jeans")
        assert ids_of(client.get("/products", params={"q": text})) == [wanted]

    @pytest.mark.parametrize("sort", SORTS)
    def test_every_order_can_be_walked_to_its_end_by_its_links(
        self, client: httpx.Client, make_product: MakeProduct, sort: str
    ) -> None:
        made = {make_product(price="5.00", units_sold=i % 2, gender=None) for i in range(5)}
        answer = client.get("/products", params={"sort": sort, "limit": 2, "q": ""})
        met = ids_of(answer)
        while "next" in answer.links:
            assert answer.json()["total"] == 5
            answer = client.get(answer.links["next"]["url"])
            met += ids_of(answer)
        assert (len(met), {*met}) == (5, made)
        assert answer.json()["next_cursor"] is None
        first = client.get(answer.links["first"]["url"])
        assert ids_of(first) == met[:2]

    def test_sorts_go_the_way_they_say(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        cheap = make_product(price="1.00", units_sold=1)
        dear = make_product(price="9.00", units_sold=5)
        wanted = {"price": [cheap, dear], "-price": [dear, cheap], "newest": [dear, cheap]}
        wanted["popularity"] = [dear, cheap]
        got = {sort: ids_of(client.get("/products", params={"sort": sort})) for sort in wanted}
        assert got == wanted

    def test_a_cursor_of_another_order_is_422(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        for _ in range(2):
            make_product()
        query = {"sort": "price", "limit": "1"}
        cursor = client.get("/products", params=query).json()["next_cursor"]
        answer = client.get("/products", params={"sort": "-price", "cursor": cursor})
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:fashion-store:problem:invalid-cursor"

    def test_a_link_keeps_every_part_of_the_query(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        for _ in range(2):
            make_product(gender="Men", product_display_name="Tee & <more>")
        query: dict[str, Any] = {"q": "tee & <more>", "gender": ["Men", "Women"], "limit": 1}
        answer = client.get("/products", params=query)
        asked = httpx.URL(answer.links["next"]["url"]).params
        assert asked.get_list("gender") == ["Men", "Women"]
        assert asked["q"] == "tee & <more>"

    def test_facets_count_what_choosing_otherwise_would_leave(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        make_product(gender="Men", base_colour="Red", price="5.00", year=2012)
        make_product(gender="Men", base_colour="Blue", price="7.00", stock=0)
        make_product(gender="Women", base_colour="Red", price="9.00")
        query = {"gender": "Men", "price_max": "6", "facets": "true"}
        facets: dict[str, Any] = client.get("/products", params=query).json()["facets"]
        assert facets["gender"] == [{"value": "Men", "count": 1}]
        assert facets["price"] == {"min": "5.00", "max": "7.00"}
        assert facets["in_stock"] == [{"value": True, "count": 1}]
        assert facets["year"] == [{"value": 2012, "count": 1}]
        assert facets["season"] == []

    def test_an_empty_shop_has_empty_facets(self, client: httpx.Client) -> None:
        facets = client.get("/products", params={"facets": "true"}).json()["facets"]
        assert facets.pop("price") == {"min": None, "max": None}
        assert not any(facets.values())

    def test_a_sale_is_seen_by_the_next_list(
        self, client: httpx.Client, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        last = make_product(stock=1)
        assert ids_of(client.get("/products", params={"in_stock": "true"})) == [last]
        assert shopper.buy(last).status_code == 201
        assert ids_of(client.get("/products", params={"in_stock": "true"})) == []


class TestGetMany:
    def test_products_come_in_the_order_asked_without_those_not_on_sale(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        made = [make_product() for _ in range(3)]
        gone = make_product(is_active=False)
        ids = ",".join(map(str, [made[2], gone, made[0], 9_999_999_999, made[2]]))
        page = client.get("/products", params={"ids": ids}).json()
        assert [item["id"] for item in page["items"]] == [made[2], made[0]]
        assert (page["total"], page["next_cursor"]) == (2, None)


class TestSuggest:
    @pytest.fixture(autouse=True)
    def _shop(self, make_product: MakeProduct) -> None:
        for colour in ("Blue", "Red"):
            make_product(
                article_type="Tshirts", product_display_name=f"ADIDAS Men {colour} T-shirt"
            )

    def suggestions(self, client: httpx.Client, text: str) -> Iterator[tuple[str, str]]:
        answer = client.get("/products/suggest", params={"q": text})
        assert answer.status_code == 200
        return ((item["kind"], item["text"]) for item in answer.json()["items"])

    def test_an_unfinished_word_is_completed(self, client: httpx.Client) -> None:
        found = [*self.suggestions(client, "red adi")]
        assert found == [
            ("query", "red adidas"),
            ("article_type", "Tshirts"),
            ("product", "ADIDAS Men Red T-shirt"),
        ]

    @pytest.mark.parametrize("text", ["", "  ", "the", "zzzz", "?"])
    def test_what_finds_nothing_suggests_nothing(self, client: httpx.Client, text: str) -> None:
        assert [*self.suggestions(client, text)] == []


class TestListCategories:
    def test_the_tree_counts_products_on_every_level(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        apparel = {"master_category": "Apparel", "sub_category": "Topwear"}
        make_product(**apparel, article_type="Shirts", gender="Men")
        make_product(**apparel, article_type="Tshirts", gender="Women")
        make_product(master_category=None)
        [tree] = client.get("/categories").json()["categories"]
        [topwear] = tree["children"]
        assert (tree["value"], tree["count"], topwear["value"]) == ("Apparel", 2, "Topwear")
        assert [one["value"] for one in topwear["children"]] == ["Shirts", "Tshirts"]
        [tree] = client.get("/categories", params={"gender": "Men"}).json()["categories"]
        assert tree["count"] == 1

    def test_it_is_sent_again_only_when_it_changed(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        make_product(master_category="Apparel")
        etag = client.get("/categories").headers["ETag"]
        answer = client.get("/categories", headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")
        make_product(master_category="Apparel")
        answer = client.get("/categories", headers={"If-None-Match": etag})
        assert answer.status_code == 200


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

    def test_a_product_without_an_image_has_a_drawn_one(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        plain, pictured = make_product(), make_product(image_url="https://img.example/2.jpg")
        shown = {
            client.get(f"/products/{product}").json()["image_url"] for product in (plain, pictured)
        }
        assert shown == {f"/products/{plain}/image.svg", "https://img.example/2.jpg"}
        assert {item["image_url"] for item in client.get("/products").json()["items"]} == shown

    def test_it_is_sent_again_only_when_what_is_shown_changed(
        self, client: httpx.Client, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        product = make_product(stock=2)
        address = f"/products/{product}"
        etag = client.get(address).headers["ETag"]
        assert shopper.buy(product).status_code == 201
        answer = client.get(address, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == "no-cache"
        assert shopper.buy(product).status_code == 201
        answer = client.get(address, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.json()["in_stock"]) == (200, False)
        assert answer.headers["ETag"] != etag
