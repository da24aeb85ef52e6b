"""/admin/products: what arrives, what is retired, and how every change is written down."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.storefront.tests.catalogue.conftest import changes_of, movements_of, patch, restock
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy.orm import Session

pytestmark = pytest.mark.servers


class TestRestock:
    def test_units_arrive_with_a_movement(
        self, admin: httpx.Client, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=2)
        answer = restock(admin, product, 5, note="Delivery 12")
        assert (answer.status_code, answer.json()["stock"]) == (200, 7)
        assert answer.json()["updated_at"] > answer.json()["created_at"]
        assert movements_of(session, product) == [("restock", 5)]

    def test_the_note_is_written_down(self, admin: httpx.Client, make_product: MakeProduct) -> None:
        product = make_product(stock=2)
        restock(admin, product, 5, note="Delivery 12")
        (change,) = changes_of(admin, product)
        assert (change["action"], change["version"]) == ("restock", 1)
        assert change["changes"] == {"stock": [2, 7], "note": [None, "Delivery 12"]}

    def test_sent_again_it_is_the_same_delivery(
        self, admin: httpx.Client, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=2)
        first = restock(admin, product, 5, key="delivery-12")
        second = restock(admin, product, 5, key="delivery-12")
        assert second.content == first.content
        assert second.headers["Idempotent-Replayed"] == "true"
        assert movements_of(session, product) == [("restock", 5)]

    def test_a_key_belongs_to_one_delivery_of_one_product(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product()
        restock(admin, product, 5, key="delivery-12")
        assert restock(admin, product, 6, key="delivery-12").status_code == 422
        assert restock(admin, make_product(), 5, key="delivery-12").status_code == 422

    def test_without_a_key_it_is_400(self, admin: httpx.Client, make_product: MakeProduct) -> None:
        url = f"/admin/products/{make_product()}/restock"
        assert admin.post(url, json={"quantity": 1}).status_code == 400

    @pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", True, 1_000_001])
    def test_what_cannot_arrive_is_422(
        self, admin: httpx.Client, make_product: MakeProduct, quantity: Any
    ) -> None:
        assert restock(admin, make_product(), quantity).status_code == 422

    def test_more_than_the_books_can_hold_is_409(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(stock=2**31 - 5)
        assert restock(admin, product, 4).status_code == 200
        answer = restock(admin, product, 1)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:fashion-store:problem:stock-too-large"

    def test_deliveries_and_sales_at_once_add_up(
        self, admin: httpx.Client, make_product: MakeProduct, shopper: Shopper, session: Session
    ) -> None:
        product = make_product(stock=5)
        with ThreadPoolExecutor(8) as pool:
            arrivals = [pool.submit(restock, admin, product, 2) for _ in range(20)]
            sales = [pool.submit(shopper.buy, product) for _ in range(20)]
        assert [one.result().status_code for one in arrivals] == [200] * 20
        sold = sum(one.result().status_code == 201 for one in sales)
        shown = admin.get(f"/admin/products/{product}").json()
        assert (shown["stock"], shown["units_sold"]) == (5 + 40 - sold, sold)
        moved = sum(quantity for _, quantity in movements_of(session, product))
        assert moved == shown["stock"] - 5


class TestRetire:
    def test_it_is_sold_and_shown_no_longer(
        self, admin: httpx.Client, make_product: MakeProduct, shopper: Shopper
    ) -> None:
        product = make_product()
        assert admin.post(f"/admin/products/{product}/retire").json()["is_active"] is False
        assert admin.get(f"/products/{product}").status_code == 404
        assert shopper.buy(product).status_code == 422

    def test_reinstated_it_is_back(
        self, admin: httpx.Client, make_product: MakeProduct, shopper: Shopper
    ) -> None:
        product = make_product(is_active=False)
        shown = admin.post(f"/admin/products/{product}/reinstate").json()
        assert shown["is_active"] is True
        assert shown["updated_at"] > shown["created_at"]
        assert shopper.buy(product).status_code == 201

    def test_twice_is_written_down_once(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product()
        once = admin.post(f"/admin/products/{product}/retire")
        twice = admin.post(f"/admin/products/{product}/retire")
        assert twice.json() == once.json()
        (change,) = changes_of(admin, product)
        assert (change["action"], change["changes"]) == ("retire", {"is_active": [True, False]})


class TestChanges:
    def test_the_newest_comes_first_page_by_page(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product()
        restock(admin, product, 1)
        for action in ("retire", "reinstate"):
            admin.post(f"/admin/products/{product}/{action}")
        url = f"/admin/products/{product}/changes"
        first = admin.get(url, params={"limit": 2}).json()
        rest = admin.get(url, params={"limit": 2, "cursor": first["next_cursor"]}).json()
        actions = [change["action"] for change in first["items"] + rest["items"]]
        assert actions == ["reinstate", "retire", "restock"]
        assert rest["next_cursor"] is None

    def test_another_products_changes_are_not_among_them(
        self, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        restock(admin, make_product(), 1)
        assert changes_of(admin, make_product()) == []

    def test_a_bad_cursor_is_422(self, admin: httpx.Client, make_product: MakeProduct) -> None:
        url = f"/admin/products/{make_product()}/changes"
        assert admin.get(url, params={"cursor": "not one"}).status_code == 422


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("restock"), st.integers(1, 50)),
        st.tuples(st.just("price"), st.integers(1, 99)),
        st.tuples(st.sampled_from(["retire", "reinstate"]), st.none()),
    ),
    max_size=6,
)


class TestAudit:
    @settings(
        max_examples=15,
    )
    @given(deeds=DEEDS)
    def test_the_changes_lead_from_the_first_state_to_the_last(
        self, admin: httpx.Client, make_product: MakeProduct, deeds: list[tuple[str, Any]]
    ) -> None:
        product = make_product()
        url = f"/admin/products/{product}"
        state = admin.get(url).json()
        for deed, value in deeds:
            if deed == "restock":
                restock(admin, product, value)
            elif deed == "price":
                patch(admin, product, "*", price=value)
            else:
                admin.post(f"{url}/{deed}")
        for change in reversed(changes_of(admin, product)):
            for field, (before, after) in change["changes"].items():
                assert state[field] == before
                state[field] = after
            state |= {"version": change["version"], "updated_at": change["changed_at"]}
        assert state == admin.get(url).json()
