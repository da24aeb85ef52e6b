"""The lists of purchases: one's own, and for the warehouse everybody's."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import Shopper
from services.storefront.tests.lifecycle.conftest import MakePurchase, Staff

from storefront.models import PurchaseStatus

pytestmark = pytest.mark.servers


def ids_of(client: httpx.Client, path: str, **query: Any) -> list[str]:
    return [item["id"] for item in client.get(path, params=query).json()["items"]]


class TestOwn:
    def test_a_state_can_be_asked_for(self, shopper: Shopper, make_purchase: MakePurchase) -> None:
        made = {status: make_purchase(shopper.id, status) for status in PurchaseStatus}
        assert ids_of(shopper.client, "/purchases", status="paid") == [made[PurchaseStatus.PAID]]

    def test_the_filter_holds_over_all_pages(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        states = [PurchaseStatus.PAID, PurchaseStatus.PLACED] * 3
        made = [make_purchase(shopper.id, status) for status in states][::2]
        first = shopper.client.get("/purchases", params={"status": "paid", "limit": 2}).json()
        cursor = first["next_cursor"]
        rest = ids_of(shopper.client, "/purchases", status="paid", limit=2, cursor=cursor)
        assert sorted([item["id"] for item in first["items"]] + rest) == sorted(made)

    def test_staff_see_their_own_there_as_anybody_does(
        self, shopper: Shopper, staff: Staff, make_purchase: MakePurchase
    ) -> None:
        make_purchase(shopper.id)
        assert ids_of(staff("admin"), "/purchases") == []

    def test_a_state_that_is_none_is_422(self, shopper: Shopper) -> None:
        assert shopper.client.get("/purchases", params={"status": "lost"}).status_code == 422


class TestEverybodys:
    @pytest.mark.parametrize("role", ["service", "admin"])
    def test_the_staff_see_all_newest_first_with_their_buyers(
        self,
        register: Callable[[], Shopper],
        staff: Staff,
        make_purchase: MakePurchase,
        role: str,
    ) -> None:
        buyers = [register().id, register().id]
        made = [make_purchase(buyer) for buyer in buyers]
        items = staff(role).get("/admin/purchases").json()["items"]
        assert [item["id"] for item in items] == sorted(made, reverse=True)
        assert {item["user_id"] for item in items} == set(buyers)

    def test_state_and_buyer_can_be_asked_for(
        self, register: Callable[[], Shopper], staff: Staff, make_purchase: MakePurchase
    ) -> None:
        buyer, other = register().id, register().id
        wanted = make_purchase(buyer, PurchaseStatus.PAID)
        make_purchase(buyer)
        make_purchase(other, PurchaseStatus.PAID)
        query = {"status": "paid", "user_id": buyer}
        assert ids_of(staff("service"), "/admin/purchases", **query) == [wanted]

    def test_pages_continue_where_they_ended(
        self, shopper: Shopper, staff: Staff, make_purchase: MakePurchase
    ) -> None:
        made = [make_purchase(shopper.id) for _ in range(3)]
        client = staff("service")
        first = client.get("/admin/purchases", params={"limit": 2}).json()
        rest = ids_of(client, "/admin/purchases", limit=2, cursor=first["next_cursor"])
        assert [item["id"] for item in first["items"]] + rest == sorted(made, reverse=True)

    def test_it_is_for_the_staff_only(self, shopper: Shopper, client: httpx.Client) -> None:
        assert shopper.client.get("/admin/purchases").status_code == 403
        assert client.get("/admin/purchases").status_code == 401
