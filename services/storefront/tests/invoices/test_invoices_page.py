"""The invoice: what it shows, to whom, and that nothing a user wrote becomes more than text."""

import re
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from services.storefront.tests.lifecycle.conftest import MakePurchase, Staff
from sqlalchemy import update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from storefront.models import Purchase, PurchaseStatus, User

pytestmark = pytest.mark.servers

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"


class Page(HTMLParser):
    """The tags and the text of a page, its style left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


def invoice_of(client: httpx.Client, purchase_id: str) -> httpx.Response:
    return client.get(f"/purchases/{purchase_id}/invoice")


def text_of(client: httpx.Client, purchase_id: str) -> str:
    return Page(invoice_of(client, purchase_id).text).text


def change(session: Session, table: Any, **values: Any) -> None:
    session.execute(update(table).values(**values))
    session.commit()


class TestContent:
    def test_lines_sums_and_status_are_on_it(
        self, shopper: Shopper, make_product: MakeProduct, make_purchase: MakePurchase
    ) -> None:
        named = make_product(product_display_name="Blue Kurta")
        nameless = make_product()
        purchase_id = make_purchase(shopper.id, products=[named, nameless], quantity=3)
        answer = invoice_of(shopper.client, purchase_id)
        text = Page(answer.text).text
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f"Blue Kurta No. {named} 3 INR 499.50 INR 1,498.50" in text
        assert f"Product {nameless} No. {nameless} 3" in text
        assert "Subtotal INR 2,997.00 Shipping INR 0.00 Total INR 2,997.00" in text
        assert f"Invoice number {purchase_id}" in text
        assert "Fashion Store Invoice Placed" in text
        assert "Payments None yet." in text

    def test_tax_that_the_prices_hold_is_shown_as_included(
        self, shopper: Shopper, make_purchase: MakePurchase, session: Session
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        change(session, Purchase, shipping=Decimal(50), total=Decimal(1049), tax=Decimal("49.95"))
        text = text_of(shopper.client, purchase_id)
        assert "Shipping INR 50.00 Total INR 1,049.00" in text
        assert "Tax, included in the total INR 49.95" in text

    def test_tax_that_came_on_top_is_shown_as_added(
        self, shopper: Shopper, make_purchase: MakePurchase, session: Session
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        change(session, Purchase, total=Decimal("1048.95"), tax=Decimal("49.95"))
        text = text_of(shopper.client, purchase_id)
        assert "Tax, added INR 49.95 Total INR 1,048.95" in text

    def test_money_that_moved_is_shown_and_what_was_declined_is_not(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        for card in ("card_declined", "card_ok"):
            shopper.client.post(
                f"/purchases/{purchase_id}/payments",
                json={"method": card},
                headers={"Idempotency-Key": card},
            )
        assert "Approved INR 999.00" in (text := text_of(shopper.client, purchase_id))
        assert "Declined" not in text
        shopper.client.post(f"/purchases/{purchase_id}/cancel")
        assert "Refunded INR 999.00" in text_of(shopper.client, purchase_id)

    def test_the_buyer_is_named_until_the_account_is_erased(
        self, shopper: Shopper, make_purchase: MakePurchase, session: Session
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        change(session, User, address="12 MG Road, Bengaluru")
        assert "Billed to Asha Rao 12 MG Road, Bengaluru" in text_of(shopper.client, purchase_id)
        gone = dict.fromkeys(("first_name", "last_name", "address", "username", "email"))
        change(session, User, erased_at=utc_now(), **gone)
        assert "Billed to" not in text_of(shopper.client, purchase_id)


class TestSafety:
    def test_what_users_and_products_are_called_stays_text(
        self,
        shopper: Shopper,
        make_product: MakeProduct,
        make_purchase: MakePurchase,
        session: Session,
    ) -> None:
        product = make_product(product_display_name=ATTACK)
        purchase_id = make_purchase(shopper.id, products=[product])
        change(session, User, first_name=ATTACK[:80], last_name=ATTACK[:80], address=ATTACK)
        html = invoice_of(shopper.client, purchase_id).text
        page = Page(html)
        assert page.text.count("<script>alert(1)</script>") == 4
        assert "{{ 7 * 7 }}" in page.text
        assert page.tags.isdisjoint({"script", "img", "link", "iframe"})
        assert not {name for name in page.attributes if name.startswith("on")}

    def test_the_policy_allows_its_own_style_and_nothing_else(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        answer = invoice_of(shopper.client, make_purchase(shopper.id))
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.S)
        own = b64encode(sha256(style.encode()).digest()).decode()
        policy = answer.headers["content-security-policy"]
        assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{own}'"]
        assert "unsafe" not in policy
        assert "style" not in Page(answer.text).attributes
        assert answer.headers["cache-control"] == "private, no-store"

    def test_anothers_is_404_and_the_staff_see_all(
        self, register: Callable[[], Shopper], staff: Staff, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(register().id, PurchaseStatus.PAID)
        assert invoice_of(register().client, purchase_id).status_code == 404
        assert invoice_of(staff("customer"), purchase_id).status_code == 404
        assert invoice_of(staff("anonymous"), purchase_id).status_code == 403
        assert invoice_of(staff("service"), purchase_id).status_code == 200
        assert invoice_of(staff("admin"), purchase_id).status_code == 200

    def test_nobody_is_401_and_an_unknown_one_404(
        self, client: httpx.Client, shopper: Shopper
    ) -> None:
        assert invoice_of(client, new_id()).status_code == 401
        assert invoice_of(shopper.client, new_id()).status_code == 404
