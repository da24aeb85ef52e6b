"""Whatever shoppers and staff do, and in whatever order: money and stock always add up."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import text

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity, issue_token
from storefront.database import Sessions
from storefront.settings import StorefrontSettings

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

EXAMPLES = 25
STEPS = 30
STOCK = 6
PRODUCTS = 3
PRICE = Decimal("499.50")
PAID = frozenset({"paid", "shipped", "delivered"})
UNDONE = frozenset({"cancelled", "refunded"})
MOVES = {
    "cancel": ({"placed", "paid"}, "cancelled"),
    "ship": ({"paid"}, "shipped"),
    "deliver": ({"shipped"}, "delivered"),
    "refund": ({"paid", "shipped", "delivered"}, "refunded"),
}

Lines = Counter[int]
which = st.integers(0, 50)


@dataclass
class Bought:
    """What a purchase should be."""

    shopper: Shopper
    lines: Lines
    status: str = "placed"


@dataclass
class Shop:
    """The shop under test, and the people who act on it."""

    shoppers: list[Shopper]
    admin: httpx.Client
    products: list[int]
    sessions: Sessions


@dataclass
class Ledger:
    """What the books should say."""

    stock: Lines = field(default_factory=Counter)
    carts: dict[str, Lines] = field(default_factory=dict)
    held: dict[str, tuple[Shopper, Lines]] = field(default_factory=dict)
    """The checkout that each user holds: its id stands with what it keeps."""
    held_ids: dict[str, str] = field(default_factory=dict)
    bought: dict[str, Bought] = field(default_factory=dict)


class Books(RuleBasedStateMachine):
    """Acts by HTTP, foretells each answer, and after each step compares the database."""

    open_shop: Callable[[], Shop]

    def __init__(self) -> None:
        super().__init__()
        self.shop = type(self).open_shop()
        self.should = Ledger(stock=Counter(dict.fromkeys(self.shop.products, STOCK)))
        self.should.carts = {shopper.id: Counter() for shopper in self.shop.shoppers}

    @rule(who=which, what=which, quantity=st.integers(1, 4))
    def put_in_cart(self, who: int, what: int, quantity: int) -> None:
        shopper, product = self._shopper(who), self._product(what)
        answer = shopper.client.put(f"/cart/lines/{product}", json={"quantity": quantity})
        assert answer.status_code == 200, answer.text
        self.should.carts[shopper.id][product] = quantity

    @rule(who=which, what=which)
    def take_out_of_cart(self, who: int, what: int) -> None:
        shopper, product = self._shopper(who), self._product(what)
        assert shopper.client.delete(f"/cart/lines/{product}").status_code == 204
        self.should.carts[shopper.id].pop(product, None)

    @rule(who=which, what=which, quantity=st.integers(1, 4))
    def buy_lines(self, who: int, what: int, quantity: int) -> None:
        shopper, product = self._shopper(who), self._product(what)
        answer = shopper.buy(product, quantity)
        self._expect_sale(answer, shopper, Counter({product: quantity}))

    @rule(who=which)
    def buy_cart(self, who: int) -> None:
        shopper = self._shopper(who)
        wanted = self.should.carts[shopper.id]
        cart_id = shopper.client.get("/cart").json()["id"]
        answer = shopper.purchase({"cart_id": cart_id or "none"})
        if not wanted:
            assert answer.status_code in (404, 422), answer.text
            return
        if self._expect_sale(answer, shopper, wanted):
            self.should.carts[shopper.id] = Counter()

    @rule(who=which, what=which, quantity=st.integers(1, 4))
    def check_out(self, who: int, what: int, quantity: int) -> None:
        shopper, product = self._shopper(who), self._product(what)
        line = {"product_id": product, "quantity": quantity}
        answer = shopper.client.post("/checkout", json={"lines": [line]})
        _, before = self.should.held.get(shopper.id, (shopper, Counter()))
        if self.should.stock[product] + before[product] < quantity:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 201, answer.text
        self.should.stock += before
        self.should.stock[product] -= quantity
        self.should.held[shopper.id] = (shopper, Counter({product: quantity}))
        self.should.held_ids[shopper.id] = answer.json()["id"]

    @rule(who=which)
    def leave_checkout(self, who: int) -> None:
        shopper = self._shopper(who)
        if shopper.id in self.should.held:
            path = f"/checkout/{self.should.held_ids[shopper.id]}"
            assert shopper.client.delete(path).status_code == 204
            self.should.stock += self.should.held.pop(shopper.id)[1]

    @rule(who=which)
    def buy_what_is_kept(self, who: int) -> None:
        shopper = self._shopper(who)
        if shopper.id in self.should.held:
            body = {"reservation_id": self.should.held_ids[shopper.id]}
            answer = shopper.purchase(body)
            assert answer.status_code == 201, answer.text
            _, lines = self.should.held.pop(shopper.id)
            self.should.bought[answer.json()["id"]] = Bought(shopper, lines)
            assert shopper.purchase(body).status_code == 409

    @rule(at=which, card=st.sampled_from(["card_ok", "card_declined", "card_timeout"]))
    def pay(self, at: int, card: str) -> None:
        if not self.should.bought:
            return
        purchase_id, bought = self._purchase(at)
        path, key = f"/purchases/{purchase_id}/payments", {"Idempotency-Key": new_id()}
        answer = bought.shopper.client.post(path, json={"method": card}, headers=key)
        if bought.status != "placed":
            assert answer.status_code == 409, answer.text
            return
        if card == "card_timeout":
            assert answer.status_code == 503, answer.text
            answer = bought.shopper.client.post(path, json={"method": card}, headers=key)
        assert answer.status_code == 201, answer.text
        if card != "card_declined":
            bought.status = "paid"

    @rule(at=which, move=st.sampled_from(sorted(MOVES)))
    def move(self, at: int, move: str) -> None:
        if not self.should.bought:
            return
        purchase_id, bought = self._purchase(at)
        allowed, target = MOVES[move]
        answer = self.shop.admin.post(f"/purchases/{purchase_id}/{move}")
        if bought.status == target:
            assert answer.status_code == 200, answer.text
        elif bought.status not in allowed:
            assert answer.status_code == 409, answer.text
        else:
            assert answer.json()["status"] == target
            bought.status = target
            if target in UNDONE:
                self.should.stock += bought.lines

    @rule(what=which, quantity=st.integers(1, 3))
    def restock(self, what: int, quantity: int) -> None:
        product = self._product(what)
        answer = self.shop.admin.post(
            f"/admin/products/{product}/restock",
            json={"quantity": quantity},
            headers={"Idempotency-Key": new_id()},
        )
        assert answer.is_success, answer.text
        self.should.stock[product] += quantity

    @invariant()
    def stock_adds_up(self) -> None:
        sold: Lines = Counter()
        for bought in self.should.bought.values():
            if bought.status not in UNDONE:
                sold += bought.lines
        should = {product: (self.should.stock[product], sold[product]) for product in self._ids()}
        rows = self._query("SELECT id, stock, units_sold FROM products")
        assert {row.id: (row.stock, row.units_sold) for row in rows} == should
        moved = self._query(
            "SELECT product_id, SUM(quantity) AS units FROM stock_movements GROUP BY product_id"
        )
        # The tests' products come with their stock; only what moved since is written down.
        assert {row.product_id: int(row.units) for row in moved if row.units} == {
            product: stock - STOCK for product, (stock, _) in should.items() if stock != STOCK
        }

    @invariant()
    def money_adds_up(self) -> None:
        rows = self._query("SELECT id, status, subtotal, shipping, total FROM purchases")
        assert {row.id: row.status for row in rows} == {
            purchase_id: bought.status for purchase_id, bought in self.should.bought.items()
        }
        for row in rows:
            worth = sum(self.should.bought[row.id].lines.values()) * PRICE
            assert (row.subtotal, row.subtotal + row.shipping) == (worth, row.total)
        kept = self._query("SELECT purchase_id, amount FROM payments WHERE status = 'approved'")
        totals = {row.id: row.total for row in rows if row.status in PAID}
        assert {row.purchase_id: row.amount for row in kept} == totals
        assert len(kept) == len(totals)

    @invariant()
    def the_stream_will_be_told(self) -> None:
        told = Counter[tuple[str, str, int]]()
        for row in self._query(
            "SELECT JSON_VALUE(payload, '$.type') AS type, JSON_VALUE(payload, '$.purchase_id')"
            " AS purchase_id, JSON_VALUE(payload, '$.product_id') AS product_id FROM outbox"
        ):
            told[row.type, row.purchase_id, int(row.product_id)] += 1
        should = Counter[tuple[str, str, int]]()
        for purchase_id, bought in self.should.bought.items():
            for product in bought.lines:
                should["purchase", purchase_id, product] += 1
                if bought.status in UNDONE:
                    should["refund", purchase_id, product] += 1
        assert told == should

    def _expect_sale(self, answer: httpx.Response, shopper: Shopper, wanted: Lines) -> bool:
        if any(self.should.stock[product] < quantity for product, quantity in wanted.items()):
            assert answer.status_code == 409, answer.text
            return False
        assert answer.status_code == 201, answer.text
        self.should.bought[answer.json()["id"]] = Bought(shopper, Counter(wanted))
        self.should.stock.subtract(wanted)
        return True

    def _query(self, statement: str) -> list[Any]:
        with self.shop.sessions() as session:
            return list(session.execute(text(statement)))

    def _ids(self) -> list[int]:
        return self.shop.products

    def _shopper(self, at: int) -> Shopper:
        return self.shop.shoppers[at % len(self.shop.shoppers)]

    def _product(self, at: int) -> int:
        return self.shop.products[at % len(self.shop.products)]

    def _purchase(self, at: int) -> tuple[str, Bought]:
        ids = sorted(self.should.bought)
        return ids[at % len(ids)], self.should.bought[ids[at % len(ids)]]


def test_money_and_stock_always_add_up(
    register: Callable[[], Shopper],
    client: httpx.Client,
    make_product: MakeProduct,
    sessions: Sessions,
    storefront_settings: StorefrontSettings,
) -> None:
    key = storefront_settings.token_private_key_file.read_text()
    admin = Identity(new_id(), "admin")
    token = issue_token(admin, key, now=utc_now(), lifetime=storefront_settings.token_lifetime)

    def open_shop() -> Shop:
        """Return an empty shop, with new people and products."""
        _empty(sessions)
        products = [make_product(stock=STOCK, price=PRICE) for _ in range(PRODUCTS)]
        return Shop([register(), register()], staff, products, sessions)

    bearer = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=client.base_url, headers=bearer, timeout=30) as staff:
        machine = type("BooksOfTheShop", (Books,), {"open_shop": staticmethod(open_shop)})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                suppress_health_check=list(HealthCheck),
            ),
        )


def _empty(sessions: Sessions) -> None:
    """Forget what the examples before left."""
    tables = (
        "payments purchase_transitions outbox stock_movements product_changes reservation_lines"
        " reservations idempotency_keys purchase_lines purchases cart_lines carts products"
    )
    with sessions.begin() as session:
        for table in tables.split():
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - ours
