"""Checkouts whose time is over: never twice given back, and never in anybody's way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from services.storefront.tests.conftest import Shopper
from services.storefront.tests.purchases.checkout.conftest import keep, kept_by, kind_of
from services.storefront.tests.purchases.conftest import MakeOrder, StockOf
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.database import Sessions, run_in_transaction
from storefront.models import (
    MovementReason,
    Product,
    Reservation,
    ReservationStatus,
    StockMovement,
)
from storefront.purchases.desk import BatchWriter
from storefront.purchases.idempotency import Answer
from storefront.purchases.reservations import release_expired

pytestmark = pytest.mark.servers


class TestExpiredOnes:
    def test_they_never_block_a_sale(
        self,
        register: Callable[[], Shopper],
        stocked: Callable[..., int],
        expire: Callable[[], None],
        session: Session,
    ) -> None:
        first, second = stocked(5), stocked(5)
        lines = [{"product_id": product, "quantity": 5} for product in (first, second)]
        register().client.post("/checkout", json={"lines": lines})
        buyer = register()
        assert kind_of(buyer.buy(second)) == "out-of-stock"
        expire()
        assert buyer.buy(second, 2).status_code == 201
        stocks = session.execute(select(Product.id, Product.stock).order_by(Product.id))
        assert [tuple(row) for row in stocks] == [(first, 5), (second, 3)]
        assert session.scalars(select(Reservation.status)).one() == ReservationStatus.RELEASED

    def test_they_are_given_back_a_few_at_a_time_the_oldest_first(
        self,
        register: Callable[[], Shopper],
        stocked: Callable[..., int],
        sessions: Sessions,
        stock_of: StockOf,
    ) -> None:
        product = stocked(10)
        for _ in range(3):
            keep(register(), product, 2)
        later = utc_now() + timedelta(days=1)
        given_back = [
            run_in_transaction(
                sessions, lambda session: release_expired(session, later, 2), attempts=3
            )
            for _ in range(3)
        ]
        assert (given_back, stock_of(product)) == ([2, 1, 0], 10)

    def test_what_is_still_held_is_left_alone(
        self, shopper: Shopper, stocked: Callable[..., int], session: Session, stock_of: StockOf
    ) -> None:
        product = stocked(10)
        keep(shopper, product, 2)
        assert release_expired(session, utc_now(), 10) == 0
        session.rollback()
        assert stock_of(product) == 8

    def test_two_who_clear_at_once_give_back_once(
        self,
        register: Callable[[], Shopper],
        stocked: Callable[..., int],
        sessions: Sessions,
        stock_of: StockOf,
    ) -> None:
        product = stocked(20)
        for _ in range(5):
            keep(register(), product, 2)
        later = utc_now() + timedelta(days=1)

        def clear(_: int) -> int:
            return run_in_transaction(
                sessions, lambda session: release_expired(session, later, 10), attempts=5
            )

        with ThreadPoolExecutor(3) as pool:
            assert sum(pool.map(clear, range(3))) == 5
        assert stock_of(product) == 20


class TestInOneBatch:
    def test_a_short_product_is_freed_for_the_whole_batch(
        self,
        register: Callable[[], Shopper],
        stocked: Callable[..., int],
        expire: Callable[[], None],
        writer: BatchWriter,
        make_order: MakeOrder,
        moved: StockOf,
    ) -> None:
        product = stocked(4)
        keep(register(), product, 3)
        expire()
        outcomes = writer.write([make_order({product: 1}) for _ in range(5)])
        assert [isinstance(outcome, Answer) for outcome in outcomes] == [True] * 4 + [False]
        assert moved(product) == -4

    def test_a_reservation_and_lines_of_the_same_product_do_not_mix(
        self,
        shopper: Shopper,
        stocked: Callable[..., int],
        writer: BatchWriter,
        make_order: MakeOrder,
        stock_of: StockOf,
        session: Session,
    ) -> None:
        product = stocked(4)
        kept = kept_by(shopper, product, 3)
        orders = [
            make_order({product: 2}, user_id=shopper.id),
            make_order(reservation_id=kept, user_id=shopper.id),
            make_order({product: 1}, user_id=shopper.id),
        ]
        outcomes = writer.write(orders)
        assert [isinstance(outcome, Answer) for outcome in outcomes] == [False, True, True]
        assert stock_of(product) == 0
        sold = select(StockMovement).where(StockMovement.reason == MovementReason.PURCHASE)
        assert sum(movement.quantity for movement in session.scalars(sold)) == -4
