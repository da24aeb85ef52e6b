"""Purchases as their buyer sees them afterwards; nobody else does."""

from collections.abc import Callable

import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper

pytestmark = pytest.mark.servers


def test_the_newest_comes_first_page_by_page(shopper: Shopper, make_product: MakeProduct) -> None:
    product = make_product()
    bought = [shopper.buy(product).json() for _ in range(3)]
    first = shopper.client.get("/purchases", params={"limit": 2}).json()
    query = {"limit": "2", "cursor": first["next_cursor"]}
    second = shopper.client.get("/purchases", params=query).json()
    assert first["items"] + second["items"] == sorted(
        bought, key=lambda one: one["id"], reverse=True
    )
    assert second["next_cursor"] is None


def test_one_is_shown_as_it_was_answered(shopper: Shopper, make_product: MakeProduct) -> None:
    bought = shopper.buy(make_product()).json()
    assert shopper.client.get(f"/purchases/{bought['id']}").json() == bought


def test_anothers_is_404_and_in_no_list(
    register: Callable[[], Shopper], make_product: MakeProduct
) -> None:
    owner, stranger = register(), register()
    bought = owner.buy(make_product()).json()
    answer = stranger.client.get(f"/purchases/{bought['id']}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:fashion-store:problem:purchase-not-found"
    assert stranger.client.get("/purchases").json()["items"] == []


@pytest.mark.parametrize("purchase_id", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "%ff", "é"])
def test_an_unknown_one_is_404(shopper: Shopper, purchase_id: str) -> None:
    assert shopper.client.get(f"/purchases/{purchase_id}").status_code == 404


@pytest.mark.parametrize("cursor", ["x", "Mg", "é"])
def test_a_bad_cursor_is_422(shopper: Shopper, cursor: str) -> None:
    assert shopper.client.get("/purchases", params={"cursor": cursor}).status_code == 422
