"""The moves of a purchase: the allowed ones happen once, the others never."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product as pairs
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from services.storefront.tests.lifecycle.conftest import PRICE, MakePurchase, Staff
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from fashion_kit.ids import new_id
from storefront.models import (
    OutboxEvent,
    Payment,
    Product,
    PurchaseStatus,
    PurchaseTransition,
    StockMovement,
)
from storefront.purchases.lifecycle import MOVES, UNDONE, can_move

pytestmark = pytest.mark.servers

VERBS = {
    PurchaseStatus.CANCELLED: "cancel",
    PurchaseStatus.SHIPPED: "ship",
    PurchaseStatus.DELIVERED: "deliver",
    PurchaseStatus.REFUNDED: "refund",
}
ALLOWED = [(start, to) for start in PurchaseStatus for to in VERBS if can_move(start, to)]
FORBIDDEN = [
    (start, to)
    for start, to in pairs(PurchaseStatus, VERBS)
    if start != to and not can_move(start, to)
]


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].removeprefix("urn:fashion-store:problem:"))


def move(client: httpx.Client, purchase_id: str, target: PurchaseStatus) -> httpx.Response:
    return client.post(f"/purchases/{purchase_id}/{VERBS[target]}")


def steps(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(
        select(PurchaseTransition.from_status, PurchaseTransition.to_status).order_by(
            PurchaseTransition.id
        )
    )
    return [(row.from_status, row.to_status) for row in rows]


def refund_events(session: Session) -> list[Interaction]:
    rows = session.scalars(select(OutboxEvent).order_by(OutboxEvent.position)).all()
    events = [Interaction.from_record(row.payload) for row in rows]
    return [event for event in events if event.type is EventType.REFUND]


class TestMoves:
    def test_every_state_has_its_moves_and_the_last_ones_none(self) -> None:
        assert set(MOVES) == set(PurchaseStatus)
        assert all(not MOVES[status] for status in UNDONE)

    @pytest.mark.parametrize(("start", "target"), ALLOWED)
    def test_an_allowed_one_is_made_and_written_down(
        self,
        shopper: Shopper,
        staff: Staff,
        make_purchase: MakePurchase,
        session: Session,
        start: PurchaseStatus,
        target: PurchaseStatus,
    ) -> None:
        purchase_id = make_purchase(shopper.id, start)
        answer = move(staff("admin"), purchase_id, target)
        assert (answer.status_code, answer.json()["status"]) == (200, target)
        assert steps(session) == [(start, target)]

    @pytest.mark.parametrize(("start", "target"), FORBIDDEN)
    def test_a_forbidden_one_is_409_with_the_present_state(
        self,
        shopper: Shopper,
        staff: Staff,
        make_purchase: MakePurchase,
        session: Session,
        start: PurchaseStatus,
        target: PurchaseStatus,
    ) -> None:
        purchase_id = make_purchase(shopper.id, start)
        answer = move(staff("admin"), purchase_id, target)
        assert (answer.status_code, kind_of(answer)) == (409, "impossible-move")
        assert answer.json()["purchase_status"] == start
        assert steps(session) == []

    @pytest.mark.parametrize("target", VERBS)
    def test_the_same_one_again_is_answered_with_the_same(
        self,
        shopper: Shopper,
        staff: Staff,
        make_purchase: MakePurchase,
        session: Session,
        target: PurchaseStatus,
    ) -> None:
        start = next(start for start, to in ALLOWED if to == target)
        purchase_id = make_purchase(shopper.id, start)
        first, again = (move(staff("admin"), purchase_id, target) for _ in range(2))
        assert (again.status_code, again.content) == (200, first.content)
        assert steps(session) == [(start, target)]


class TestUndoing:
    @pytest.mark.parametrize(
        ("start", "target"), [(start, to) for start, to in ALLOWED if to in UNDONE]
    )
    def test_the_units_come_back_and_the_sums_hold(
        self,
        shopper: Shopper,
        staff: Staff,
        make_product: MakeProduct,
        make_purchase: MakePurchase,
        session: Session,
        start: PurchaseStatus,
        target: PurchaseStatus,
    ) -> None:
        products = [make_product(stock=10) for _ in range(2)]
        purchase_id = make_purchase(shopper.id, start, products=products[::-1], quantity=3)
        for _ in range(2):
            assert move(staff("admin"), purchase_id, target).status_code == 200
        found = session.execute(select(Product.stock, Product.units_sold))
        assert [tuple(row) for row in found] == [(10, 0), (10, 0)]
        moved = session.execute(
            select(StockMovement.reason, func.sum(StockMovement.quantity)).group_by(
                StockMovement.reason
            )
        )
        assert {row[0]: row[1] for row in moved} == {"purchase": -6, UNDONE[target]: 6}

    def test_each_line_leaves_an_event(
        self,
        shopper: Shopper,
        make_product: MakeProduct,
        make_purchase: MakePurchase,
        session: Session,
    ) -> None:
        products = [make_product() for _ in range(2)]
        purchase_id = make_purchase(shopper.id, products=products, quantity=3)
        move(shopper.client, purchase_id, PurchaseStatus.CANCELLED)
        events = refund_events(session)
        assert [event.product_id for event in events] == products
        assert {(event.price, event.quantity, event.currency) for event in events} == {
            (PRICE, 3, "INR")
        }
        assert {event.purchase_id for event in events} == {purchase_id}
        assert {event.user_id for event in events} == {shopper.id}

    def test_shipping_and_delivering_move_no_stock_and_tell_nobody(
        self, shopper: Shopper, staff: Staff, make_purchase: MakePurchase, session: Session
    ) -> None:
        purchase_id = make_purchase(shopper.id, PurchaseStatus.PAID)
        for target in (PurchaseStatus.SHIPPED, PurchaseStatus.DELIVERED):
            assert move(staff("service"), purchase_id, target).status_code == 200
        assert session.scalar(select(func.count()).select_from(StockMovement)) == 1
        assert refund_events(session) == []

    def test_what_was_paid_goes_back(
        self, shopper: Shopper, make_purchase: MakePurchase, session: Session
    ) -> None:
        purchase_id = make_purchase(shopper.id, PurchaseStatus.PAID)
        move(shopper.client, purchase_id, PurchaseStatus.CANCELLED)
        payment = session.scalars(select(Payment)).one()
        assert (payment.status, payment.reason) == ("refunded", "purchase_cancelled")


class TestConcurrency:
    @pytest.mark.parametrize("_", range(5))
    def test_of_cancelling_and_shipping_at_once_one_wins(
        self,
        shopper: Shopper,
        staff: Staff,
        make_purchase: MakePurchase,
        session: Session,
        _: int,
    ) -> None:
        purchase_id = make_purchase(shopper.id, PurchaseStatus.PAID)
        warehouse = staff("service")
        with ThreadPoolExecutor(2) as pool:
            cancelled = pool.submit(
                move, shopper.client, purchase_id, PurchaseStatus.CANCELLED
            ).result
            shipped = pool.submit(move, warehouse, purchase_id, PurchaseStatus.SHIPPED).result
            answers = [cancelled().status_code, shipped().status_code]
        assert sorted(answers) == [200, 409]
        assert len(steps(session)) == 1

    def test_eight_cancels_put_the_units_back_once(
        self,
        shopper: Shopper,
        make_product: MakeProduct,
        make_purchase: MakePurchase,
        session: Session,
    ) -> None:
        product = make_product(stock=10)
        purchase_id = make_purchase(shopper.id, products=[product])

        def cancel(_: int) -> int:
            return move(shopper.client, purchase_id, PurchaseStatus.CANCELLED).status_code

        with ThreadPoolExecutor(8) as pool:
            assert Counter(pool.map(cancel, range(8))) == {200: 8}
        assert session.scalar(select(Product.stock)) == 10
        assert len(refund_events(session)) == 1

    def test_purchases_of_the_same_products_in_any_order_do_not_deadlock(
        self,
        shopper: Shopper,
        make_product: MakeProduct,
        make_purchase: MakePurchase,
        session: Session,
    ) -> None:
        products = [make_product(stock=100) for _ in range(3)]
        orders = [products, products[::-1]] * 4
        placed = [make_purchase(shopper.id, products=order) for order in orders]

        def cancel(purchase_id: str) -> int:
            return move(shopper.client, purchase_id, PurchaseStatus.CANCELLED).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(cancel, placed)) == {200}
        assert set(session.scalars(select(Product.stock))) == {100}


class TestWhoMay:
    @pytest.mark.parametrize("target", VERBS)
    @pytest.mark.parametrize("role", ["anonymous", "customer", "service", "admin"])
    def test_each_role_may_what_it_is_for(
        self,
        shopper: Shopper,
        staff: Staff,
        make_purchase: MakePurchase,
        target: PurchaseStatus,
        role: str,
    ) -> None:
        start = next(start for start, to in ALLOWED if to == target)
        answer = move(staff(role), make_purchase(shopper.id, start), target)
        # A customer, and a service where only the buyer or an admin may, is a stranger here.
        expected = {
            "cancel": {"anonymous": 403, "customer": 404, "service": 404, "admin": 200},
            "refund": {"anonymous": 403, "customer": 403, "service": 403, "admin": 200},
        }.get(VERBS[target], {"anonymous": 403, "customer": 403, "service": 200, "admin": 200})
        assert answer.status_code == expected[role]

    def test_a_buyer_may_cancel_their_own(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        answer = move(shopper.client, make_purchase(shopper.id), PurchaseStatus.CANCELLED)
        assert answer.status_code == 200

    @pytest.mark.parametrize("verb", VERBS.values())
    def test_nobody_is_401(self, client: httpx.Client, verb: str) -> None:
        assert client.post(f"/purchases/{new_id()}/{verb}").status_code == 401

    @pytest.mark.parametrize("verb", VERBS.values())
    @pytest.mark.parametrize("purchase_id", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "%00", "é"])
    def test_an_unknown_purchase_is_404(self, staff: Staff, verb: str, purchase_id: str) -> None:
        answer = staff("admin").post(f"/purchases/{purchase_id}/{verb}")
        assert (answer.status_code, kind_of(answer)) == (404, "purchase-not-found")


class TestTransitions:
    def way_of(self, client: httpx.Client, purchase_id: str) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = client.get(f"/purchases/{purchase_id}/transitions").json()
        return answer

    def test_the_whole_way_is_told_from_the_first_state(
        self, shopper: Shopper, staff: Staff, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id, PurchaseStatus.PAID)
        move(staff("service"), purchase_id, PurchaseStatus.SHIPPED)
        way = self.way_of(staff("service"), purchase_id)
        assert [(step["from_status"], step["to_status"]) for step in way] == [
            (None, "placed"),
            ("paid", "shipped"),
        ]
        assert way[0]["actor_id"] == shopper.id

    def test_a_buyer_is_not_told_who_of_the_staff_it_was(
        self, shopper: Shopper, staff: Staff, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id, PurchaseStatus.PAID)
        move(staff("service"), purchase_id, PurchaseStatus.SHIPPED)
        actors = [step["actor_id"] for step in self.way_of(shopper.client, purchase_id)]
        assert actors == [shopper.id, "staff"]

    def test_anothers_is_404(
        self, register: Callable[[], Shopper], make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(register().id)
        answer = register().client.get(f"/purchases/{purchase_id}/transitions")
        assert (answer.status_code, kind_of(answer)) == (404, "purchase-not-found")
