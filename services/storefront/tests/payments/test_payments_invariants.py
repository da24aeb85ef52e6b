"""Whatever shoppers, staff, provider and crashes do in whatever order: money and stock add up."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from services.storefront.tests.conftest import MakeProduct
from services.storefront.tests.lifecycle.conftest import HandClock, MakePurchase
from services.storefront.tests.payments.conftest import LEASE, Crash, MakeDesk, MakeMove
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from fashion_kit.errors import ConflictError, TransientError
from storefront.database import Sessions
from storefront.models import (
    Base,
    OutboxEvent,
    Payment,
    PaymentStatus,
    Product,
    Purchase,
    PurchaseStatus,
    StockMovement,
)
from storefront.payments.fake_provider import FakePaymentProvider
from storefront.payments.provider import Outcome, PaymentTimeoutError
from storefront.payments.refunds import complete_refunds
from storefront.payments.schemas import PaymentRequest
from storefront.purchases.lifecycle import UNDONE

pytestmark = pytest.mark.servers

STOCK = 1_000
CARDS = ["card_ok", "card_timeout", "card_twice", "card_declined", "card_unavailable"]
OWED = [PurchaseStatus.PAID, PurchaseStatus.SHIPPED, PurchaseStatus.DELIVERED]
BY_HAND = sorted(set(PurchaseStatus) - {PurchaseStatus.PLACED, PurchaseStatus.PAID})
FAULTS = st.sampled_from([None, None, Crash, PaymentTimeoutError])
WHICH = st.integers(0, 1)

ACTS = st.one_of(
    st.tuples(
        st.just("pay"),
        st.fixed_dictionaries(
            {
                "which": WHICH,
                "card": st.sampled_from(CARDS),
                "key": st.sampled_from("ab"),
                "fault": FAULTS,
            }
        ),
    ),
    st.tuples(
        st.just("move"),
        st.fixed_dictionaries({"which": WHICH, "to": st.sampled_from(BY_HAND), "fault": FAULTS}),
    ),
    st.tuples(st.just("notify"), st.fixed_dictionaries({"which": st.integers(0, 9)})),
    st.tuples(
        st.just("clean_up"),
        st.fixed_dictionaries({"seconds": st.integers(0, 10), "fault": FAULTS}),
    ),
)


class Fault:
    """What happens to the next call of the provider."""

    def __init__(self) -> None:
        self.of_charge: type[BaseException] | None = None
        self.of_refund: type[BaseException] | None = None


class FaultyProvider(FakePaymentProvider):
    """Does what it is asked, and may then lose its answer or end the process."""

    def __init__(self, fault: Fault, notify: Callable[[str, Outcome], None]) -> None:
        super().__init__(notify)
        self._fault = fault

    def charge(self, payment_id: str, amount: Decimal, currency: str, method: str) -> Outcome:
        outcome = super().charge(payment_id, amount, currency, method)
        if error := self._fault.of_charge:
            self._fault.of_charge = None
            raise error
        return outcome

    def refund(self, payment_id: str, amount: Decimal) -> None:
        super().refund(payment_id, amount)
        if error := self._fault.of_refund:
            self._fault.of_refund = None
            raise error


@dataclass(frozen=True)
class World:
    """What every example needs, and how the one before is cleared away."""

    engine: Engine
    sessions: Sessions
    clock: HandClock
    buyer_id: str
    make_product: MakeProduct
    make_purchase: MakePurchase
    make_desk: MakeDesk
    make_move: MakeMove

    def empty(self) -> None:
        """Leave nothing but the buyer."""
        with self.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in ("users", "outbox_lanes"):
                    connection.execute(delete(table))


class Shop(RuleBasedStateMachine):
    """One buyer with two purchases, and everything that can become of them."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world.empty()
        self.clock = self.world.clock
        self.sessions = self.world.sessions
        self.product_id = self.world.make_product(stock=STOCK)
        self.purchase_ids = [
            self.world.make_purchase(
                self.world.buyer_id, products=[self.product_id], quantity=quantity
            )
            for quantity in (1, 2)
        ]
        self.fault = Fault()
        self.provider = FaultyProvider(self.fault, self.on_notification)
        self.desk = self.world.make_desk(self.provider)
        self.move_to = self.world.make_move(self.provider)

    def on_notification(self, payment_id: str, outcome: Outcome) -> None:
        self.desk.settle(payment_id, outcome)

    # One rule for all: Hypothesis leaves out some of several in each run, and here little happens
    # unless all do.
    @rule(act=ACTS)
    def happens(self, act: tuple[str, dict[str, Any]]) -> None:
        name, values = act
        getattr(self, name)(**values)

    def pay(self, which: int, card: str, key: str, fault: type[BaseException] | None) -> None:
        self.fault.of_charge = fault
        purchase_id = self.purchase_ids[which]
        own_key = f"{purchase_id}-{card}-{key}"
        with refused():
            request = PaymentRequest(method=card)
            self.desk.pay(self.world.buyer_id, purchase_id, own_key, request)

    def move(self, which: int, to: PurchaseStatus, fault: type[BaseException] | None) -> None:
        self.fault.of_refund = fault
        with refused():
            self.move_to(self.purchase_ids[which], to)

    def notify(self, which: int) -> None:
        taken = list(self.provider.taken)
        if taken:
            with refused():
                self.desk.settle(taken[which % len(taken)], Outcome(is_approved=True))

    def clean_up(self, seconds: int, fault: type[BaseException] | None) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.fault.of_charge = self.fault.of_refund = fault
        with refused():
            self.desk.complete_payments()
        with refused():
            complete_refunds(self.sessions, self.provider, clock=self.clock, attempts=5)

    @invariant()
    def no_purchase_is_paid_twice_or_for_nothing(self) -> None:
        with self.sessions() as session:
            for purchase in session.scalars(select(Purchase)):
                approved = [
                    payment.amount
                    for payment in payments_of(session, purchase.id)
                    if payment.status == PaymentStatus.APPROVED
                ]
                assert approved == ([purchase.total] if purchase.status in OWED else [])

    @invariant()
    def what_the_provider_has_is_paid_due_or_not_known_yet(self) -> None:
        with self.sessions() as session:
            open_ids = set(
                session.scalars(
                    select(Payment.id).where(
                        Payment.status.in_([PaymentStatus.PENDING, PaymentStatus.REFUND_DUE])
                    )
                )
            )
            uncertain = sum(self.provider.held(payment_id) for payment_id in open_ids)
            assert self.provider.balance - uncertain == total_owed(session)

    @invariant()
    def the_stock_adds_up(self) -> None:
        with self.sessions() as session:
            product = session.get_one(Product, self.product_id)
            moved = session.scalar(select(func.coalesce(func.sum(StockMovement.quantity), 0)))
            sold = sum(
                line.quantity
                for purchase in session.scalars(select(Purchase))
                if purchase.status not in UNDONE
                for line in purchase.lines
            )
            assert (product.stock, product.units_sold) == (STOCK + (moved or 0), sold)
            assert product.stock == STOCK - sold

    @invariant()
    def each_purchase_undone_left_its_events(self) -> None:
        with self.sessions() as session:
            rows = session.scalars(select(OutboxEvent.payload))
            told = [Interaction.from_record(row) for row in rows]
            assert all(event.type is EventType.REFUND for event in told)
            undone = session.scalars(select(Purchase.id).where(Purchase.status.in_(UNDONE)))
            assert sorted(event.purchase_id or "" for event in told) == sorted(undone)

    def teardown(self) -> None:
        """Let everything come to rest; then there is nothing uncertain left."""
        for _ in range(2):
            self.clean_up(int(LEASE.total_seconds()), None)
        with self.sessions() as session:
            assert self.provider.balance == total_owed(session)


class refused:  # noqa: N801 - a context manager, as pytest.raises is
    """Pass over a refusal, an answer that is not known, or the end of the process."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, (ConflictError, TransientError, Crash))


def payments_of(session: Session, purchase_id: str) -> Iterator[Payment]:
    yield from session.scalars(select(Payment).where(Payment.purchase_id == purchase_id))


def total_owed(session: Session) -> Decimal:
    statement = select(func.coalesce(func.sum(Purchase.total), 0))
    return session.scalars(statement.where(Purchase.status.in_(OWED))).one()


def test_money_stock_and_events_add_up_whatever_happens(
    storefront_engine: Engine,
    sessions: Sessions,
    clock: HandClock,
    user_id: str,
    make_product: MakeProduct,
    make_purchase: MakePurchase,
    make_desk: MakeDesk,
    make_move: MakeMove,
) -> None:
    class ThisShop(Shop):
        world = World(
            storefront_engine,
            sessions,
            clock,
            user_id,
            make_product,
            make_purchase,
            make_desk,
            make_move,
        )

    run_state_machine_as_test(
        ThisShop,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            # Shrinking a failure over a real database takes longer than a test may.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
