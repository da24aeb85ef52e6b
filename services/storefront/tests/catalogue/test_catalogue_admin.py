"""/admin/products: who may keep the catalogue, and what becomes of it."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from services.storefront.tests.catalogue.conftest import (
    ACTOR,
    ClientOf,
    changes_of,
    movements_of,
    patch,
)
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import String, func, select
from sqlalchemy.orm import Session

from fashion_kit.ids import new_id
from storefront.catalogue.admin_schemas import NewProduct
from storefront.models import Product, ProductChange

JSON = {"Content-Type": "application/json"}

pytestmark = pytest.mark.servers

SHIRT = {
    "gender": "Women",
    "article_type": "Shirts",
    "base_colour": "Teal",
    "year": 2012,
    "product_display_name": "Teal shirt",
    "price": "899.50",
}


class TestWhoMay:
    REQUESTS = (
        ("POST", ""),
        ("GET", "/1"),
        ("PATCH", "/1"),
        ("POST", "/1/restock"),
        ("POST", "/1/retire"),
        ("POST", "/1/reinstate"),
        ("GET", "/1/changes"),
    )

    @pytest.mark.parametrize(("method", "path"), REQUESTS)
    @pytest.mark.parametrize("role", ["customer", "anonymous", "service"])
    def test_nobody_but_an_admin(
        self, client_of: ClientOf, session: Session, method: str, path: str, role: str
    ) -> None:
        answer = client_of(role).request(method, f"/admin/products{path}", json=SHIRT)
        assert answer.status_code == 403
        assert session.scalar(select(func.count()).select_from(ProductChange)) == 0

    @pytest.mark.parametrize(("method", "path"), REQUESTS)
    def test_not_a_stranger(self, client: httpx.Client, method: str, path: str) -> None:
        answer = client.request(method, f"/admin/products{path}", json=SHIRT)
        assert answer.status_code == 401

    @pytest.mark.parametrize(("method", "path"), REQUESTS[1:])
    def test_an_unknown_product_is_404(self, admin: httpx.Client, method: str, path: str) -> None:
        headers = {"If-Match": "*", "Idempotency-Key": new_id()}
        body = {"quantity": 1} if "restock" in path else {}
        url = f"/admin/products{path}"
        answer = admin.request(method, url, json=body, headers=headers)
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:fashion-store:problem:product-not-found"


class TestAdd:
    def test_the_product_is_on_sale(self, admin: httpx.Client) -> None:
        answer = admin.post("/admin/products", json=SHIRT | {"id": 4711, "stock": 3})
        assert answer.status_code == 201
        assert answer.headers["Location"] == "/admin/products/4711"
        assert answer.json() == admin.get(answer.headers["Location"]).json()
        shown = admin.get("/products/4711").json()
        assert (shown["price"], shown["currency"], shown["in_stock"]) == ("899.50", "INR", True)

    def test_its_stock_begins_with_a_movement(self, admin: httpx.Client, session: Session) -> None:
        product = admin.post("/admin/products", json=SHIRT | {"stock": 3}).json()
        assert product["stock"] == 3
        assert movements_of(session, product["id"]) == [("initial", 3)]

    def test_without_an_id_it_gets_the_next(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        make_product(id=41)
        assert admin.post("/admin/products", json=SHIRT).json()["id"] == 42

    def test_many_at_once_get_an_id_each(
        self, client_of: ClientOf, make_product: MakeProduct
    ) -> None:
        make_product(id=41)
        admins = [client_of("admin") for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda one: one.post("/admin/products", json=SHIRT), admins)
        assert sorted(answer.json()["id"] for answer in answers) == list(range(42, 50))

    def test_an_id_that_is_taken_is_409(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(product_display_name="First")
        answer = admin.post("/admin/products", json=SHIRT | {"id": product})
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:fashion-store:problem:product-exists"
        shown = admin.get(f"/admin/products/{product}").json()
        assert shown["product_display_name"] == "First"

    def test_after_the_highest_id_there_is_no_next(self, admin: httpx.Client) -> None:
        highest = SHIRT | {"id": 2**32 - 1}
        assert admin.post("/admin/products", json=highest).status_code == 201
        answer = admin.post("/admin/products", json=SHIRT)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:fashion-store:problem:no-free-id"

    def test_who_added_it_is_written_down(self, admin: httpx.Client) -> None:
        product = admin.post("/admin/products", json=SHIRT | {"stock": 3}).json()
        (change,) = changes_of(admin, product["id"])
        assert (change["actor_id"], change["action"], change["version"]) == (ACTOR, "add", 1)
        assert change["changes"]["price"] == [None, "899.50"]
        assert change["changes"]["stock"] == [0, 3]
        assert "season" not in change["changes"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"price": "0"},
            {"price": "1.001"},
            {"price": "NaN"},
            {"price": "10000000000"},
            {"price": None},
            {"product_display_name": None},
            {"product_display_name": "  "},
            {"product_display_name": "\ud800"},
            {"gender": "x" * 21},
            {"year": 1899},
            {"year": "2012"},
            {"id": 0},
            {"id": 2**32},
            {"id": True},
            {"stock": -1},
            {"currency": "USD"},
            {"units_sold": 5},
            {"image_url": "javascript:alert(1)"},
            {"image_url": "data:image/svg+xml,<svg/>"},
            {"image_url": "https://shop.example/a\r\nSet-Cookie: a=b"},
            {"image_url": "//shop.example/a"},
        ],
        ids=ascii,
    )
    def test_what_no_product_is_like_is_422(
        self, admin: httpx.Client, wrong: Mapping[str, Any]
    ) -> None:
        # By json.dumps, which also spells what is no text.
        body = json.dumps({**SHIRT, **wrong})
        assert admin.post("/admin/products", content=body, headers=JSON).status_code == 422

    def test_texts_are_as_long_as_their_columns(self) -> None:
        properties = NewProduct.model_json_schema()["properties"]
        for name, field in properties.items():
            kind = Product.__table__.c[name].type
            if isinstance(kind, String):
                described = field.get("anyOf", [field])[0]
                assert described["maxLength"] == kind.length, name


class TestGet:
    def test_an_admin_sees_what_shoppers_do_not(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(stock=7, units_sold=5, is_active=False)
        answer = admin.get(f"/admin/products/{product}")
        shown = answer.json()
        assert (shown["stock"], shown["units_sold"], shown["is_active"]) == (7, 5, False)
        assert (shown["version"], answer.headers["ETag"]) == (1, '"1"')


class TestChange:
    def test_only_what_is_named_changes(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(season="Summer", base_colour="Blue", usage="Casual")
        answer = patch(admin, product, season=None, base_colour="Teal", price=12.5)
        shown = answer.json()
        assert (shown["season"], shown["base_colour"], shown["usage"]) == (None, "Teal", "Casual")
        assert (shown["price"], shown["version"], answer.headers["ETag"]) == ("12.50", 2, '"2"')
        assert shown["updated_at"] > shown["created_at"]
        assert admin.get(f"/admin/products/{product}").json() == shown

    def test_each_field_is_written_down_before_and_after(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(base_colour="Blue", usage="Casual")
        patch(admin, product, base_colour="Teal", usage="Casual", price="10")
        (change,) = changes_of(admin, product)
        assert (change["actor_id"], change["action"], change["version"]) == (ACTOR, "change", 2)
        assert change["changes"] == {"base_colour": ["Blue", "Teal"], "price": ["499.50", "10.00"]}

    def test_what_changes_nothing_is_no_version(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(base_colour="Blue")
        before = admin.get(f"/admin/products/{product}").json()
        assert patch(admin, product, base_colour="Blue", price="499.5").json() == before
        assert patch(admin, product).json() == before
        assert changes_of(admin, product) == []

    def test_without_if_match_it_is_428(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        assert patch(admin, make_product(), etag=None, usage="Casual").status_code == 428

    def test_a_version_that_is_over_is_412(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product()
        patch(admin, product, usage="Casual")
        answer = patch(admin, product, usage="Formal")
        assert (answer.status_code, answer.json()["etag"]) == (412, '"2"')
        assert admin.get(f"/admin/products/{product}").json()["usage"] == "Casual"

    def test_of_two_at_once_one_is_412(
        self, client_of: ClientOf, make_product: MakeProduct
    ) -> None:
        admins = [client_of("admin"), client_of("admin")]
        for _ in range(5):
            product = make_product()
            with ThreadPoolExecutor(2) as pool:
                answers = pool.map(
                    lambda one, price, product=product: patch(one, product, price=price),
                    admins,
                    ["11.00", "12.00"],
                )
            assert sorted(answer.status_code for answer in answers) == [200, 412]
            assert len(changes_of(admins[0], product)) == 1

    def test_a_sale_does_not_stop_an_editor(
        self, admin: httpx.Client, make_product: MakeProduct, shopper: Shopper
    ) -> None:
        product = make_product()
        etag = admin.get(f"/admin/products/{product}").headers["ETag"]
        assert shopper.buy(product).status_code == 201
        assert patch(admin, product, etag, usage="Casual").status_code == 200

    @pytest.mark.parametrize(
        "wrong",
        [{"price": None}, {"product_display_name": None}, {"stock": 5}, {"is_active": False}],
        ids=str,
    )
    def test_what_cannot_be_changed_here_is_422(
        self, admin: httpx.Client, make_product: MakeProduct, wrong: dict[str, Any]
    ) -> None:
        assert patch(admin, make_product(), **wrong).status_code == 422
