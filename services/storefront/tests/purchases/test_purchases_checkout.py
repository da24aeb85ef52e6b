"""Checkouts: units kept for a while at their prices, never twice, and never in anybody's way."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import InProcess, MakeProduct, Shopper
from services.storefront.tests.purchases.conftest import CountRows, MakeOrder, StockOf
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.database import Sessions, run_in_transaction
from storefront.models import (
    MovementReason,
    Product,
    Purchase,
    Reservation,
    ReservationStatus,
    StockMovement,
    User,
)
from storefront.purchases.desk import BatchWriter
from storefront.purchases.idempotency import Answer
from storefront.purchases.reservations import release_expired

pytestmark = pytest.mark.servers

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].removeprefix("urn:fashion-store:problem:"))


def keep(shopper: Shopper, product_id: int, quantity: int = 1) -> httpx.Response:
    lines = [{"product_id": product_id, "quantity": quantity}]
    return shopper.client.post("/checkout", json={"lines": lines})


def kept_by(shopper: Shopper, product_id: int, quantity: int = 1) -> str:
    return str(keep(shopper, product_id, quantity).json()["id"])


def buy(shopper: Shopper, reservation_id: str, *, key: str | None = None) -> httpx.Response:
    return shopper.purchase({"reservation_id": reservation_id}, key=key)


def fill_cart(shopper: Shopper, product_id: int, quantity: int = 2) -> str:
    path = f"/cart/lines/{product_id}"
    return str(shopper.client.put(path, json={"quantity": quantity}).json()["id"])


@pytest.fixture
def expire(session: Session) -> Callable[[], None]:
    """Return a way to let the time of every reservation be over."""

    def let() -> None:
        past = utc_now() - timedelta(seconds=1)
        session.execute(update(Reservation).values(expires_at=past))
        session.commit()

    return let


@pytest.fixture
def reasons(session: Session) -> Callable[[int], list[tuple[str, int]]]:
    """Return a reader of what moved of a product, and why."""

    def read(product_id: int) -> list[tuple[str, int]]:
        statement = select(StockMovement.reason, StockMovement.quantity)
        rows = session.execute(
            statement.where(StockMovement.product_id == product_id).order_by(StockMovement.id)
        )
        return [(row.reason, row.quantity) for row in rows]

    return read


@pytest.fixture(autouse=True)
def movements_add_up(client: httpx.Client, sessions: Sessions) -> Iterator[None]:
    """Hold every test to it: what was there at first and all movements are what is there."""
    yield
    with sessions() as session:
        moved: Counter[int] = Counter()
        for movement in session.scalars(select(StockMovement)):
            moved[movement.product_id] += movement.quantity
        for product in session.scalars(select(Product)):
            assert product.stock == product.version - 1 + moved[product.id]


@pytest.fixture
def stocked(make_product: MakeProduct) -> Callable[..., int]:
    """Return a maker of products whose `version` remembers the stock they began with."""
    return lambda stock=10, **values: make_product(stock=stock, version=stock + 1, **values)


class TestOpen:
    def test_the_units_leave_the_stock_at_the_prices_of_now(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10, price="10.50")
        answer = keep(shopper, product, 3)
        assert answer.status_code == 201
        kept = answer.json()
        assert kept["lines"] == [
            {"product_id": product, "quantity": 3, "unit_price": "10.50", "line_total": "31.50"}
        ]
        assert (kept["status"], kept["total"], kept["currency"]) == ("held", "31.50", "INR")
        assert utc_now() < datetime.fromisoformat(kept["expires_at"])
        assert stock_of(product) == 7

    def test_a_cart_can_be_kept_and_keeps_its_lines(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        product = stocked()
        cart_id = fill_cart(shopper, product)
        answer = shopper.client.post("/checkout", json={"cart_id": cart_id})
        assert [line["product_id"] for line in answer.json()["lines"]] == [product]
        assert len(shopper.client.get("/cart").json()["lines"]) == 1

    def test_a_new_one_gives_back_what_the_one_before_kept(
        self,
        shopper: Shopper,
        stocked: Callable[..., int],
        stock_of: StockOf,
        reasons: Callable[[int], list[tuple[str, int]]],
    ) -> None:
        product = stocked(10)
        first = kept_by(shopper, product, 6)
        assert keep(shopper, product, 10).status_code == 201
        assert stock_of(product) == 0
        assert shopper.client.get(f"/checkout/{first}").json()["status"] == "released"
        assert reasons(product) == [("reservation", -6), ("release", 6), ("reservation", -10)]

    def test_one_that_is_refused_leaves_the_one_before(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        first = kept_by(shopper, product, 6)
        answer = keep(shopper, product, 11)
        assert (answer.status_code, kind_of(answer)) == (409, "out-of-stock")
        assert shopper.client.get(f"/checkout/{first}").json()["status"] == "held"
        assert stock_of(product) == 4

    def test_anothers_expired_one_does_not_stand_in_the_way(
        self,
        register: Callable[[], Shopper],
        stocked: Callable[..., int],
        expire: Callable[[], None],
    ) -> None:
        product = stocked(5)
        keep(register(), product, 5)
        expire()
        assert keep(register(), product, 5).status_code == 201

    def test_two_at_once_keep_no_more_than_one(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: keep(shopper, product, 3), range(4)))
        assert {answer.status_code for answer in answers} == {201}
        assert stock_of(product) == 7

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 422),
            ({"lines": []}, 422),
            ({"reservation_id": UNKNOWN}, 422),
            ({"lines": [{"product_id": 1, "quantity": 1}], "cart_id": "x"}, 422),
            ({"cart_id": "no-such-cart"}, 404),
            ({"lines": [{"product_id": 4711, "quantity": 1}]}, 422),
        ],
        ids=str,
    )
    def test_what_cannot_be_kept_is_refused(self, shopper: Shopper, body: Any, status: int) -> None:
        assert shopper.client.post("/checkout", json=body).status_code == status

    def test_a_dead_account_keeps_nothing(
        self, shopper: Shopper, stocked: Callable[..., int], session: Session
    ) -> None:
        session.execute(update(User).values(erased_at=utc_now()))
        session.commit()
        answer = keep(shopper, stocked())
        assert (answer.status_code, kind_of(answer)) == (401, "unknown-user")

    async def test_a_shop_without_reservations_says_so(
        self, in_process: InProcess, shopper: Shopper
    ) -> None:
        async with in_process({"reservation_lifetime": timedelta(0)}) as client:
            answer = await client.post(
                "/checkout",
                json={"lines": [{"product_id": 1, "quantity": 1}]},
                headers={"Authorization": shopper.client.headers["Authorization"]},
            )
        assert (answer.status_code, kind_of(answer)) == (404, "checkout-disabled")


class TestShowAndGiveBack:
    def test_what_is_given_back_is_for_sale_again_and_twice_is_harmless(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        path = f"/checkout/{kept_by(shopper, product, 4)}"
        codes = [shopper.client.delete(path).status_code for _ in range(2)]
        assert (codes, stock_of(product)) == ([204, 204], 10)
        assert shopper.client.get(path).json()["status"] == "released"

    def test_what_was_bought_cannot_be_given_back(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        kept = kept_by(shopper, stocked())
        buy(shopper, kept)
        answer = shopper.client.delete(f"/checkout/{kept}")
        assert (answer.status_code, kind_of(answer)) == (409, "reservation-used")
        assert shopper.client.get(f"/checkout/{kept}").json()["status"] == "used"

    def test_one_whose_time_is_over_shows_that(
        self, shopper: Shopper, stocked: Callable[..., int], expire: Callable[[], None]
    ) -> None:
        kept = kept_by(shopper, stocked())
        expire()
        assert shopper.client.get(f"/checkout/{kept}").json()["status"] == "released"

    def test_anothers_is_404_and_stays(
        self, register: Callable[[], Shopper], stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        path, thief = f"/checkout/{kept_by(register(), product, 4)}", register().client
        for answer in (thief.get(path), thief.delete(path)):
            assert (answer.status_code, kind_of(answer)) == (404, "reservation-not-found")
        assert stock_of(product) == 6

    @pytest.mark.parametrize("reservation_id", [UNKNOWN, "x", "é"])
    def test_an_unknown_one_is_404(self, shopper: Shopper, reservation_id: str) -> None:
        assert shopper.client.get(f"/checkout/{reservation_id}").status_code == 404


class TestBuy:
    def test_the_price_holds_and_the_stock_is_not_asked_again(
        self,
        shopper: Shopper,
        stocked: Callable[..., int],
        session: Session,
        reasons: Callable[[int], list[tuple[str, int]]],
    ) -> None:
        product = stocked(2, price="10.00")
        kept = kept_by(shopper, product, 2)
        session.execute(update(Product).values(price="99.00", is_active=False))
        session.commit()
        answer = buy(shopper, kept)
        assert (answer.status_code, answer.json()["total"]) == (201, "20.00")
        assert reasons(product) == [("reservation", -2), ("release", 2), ("purchase", -2)]
        assert session.scalars(select(Product.units_sold)).one() == 2

    def test_the_cart_it_came_from_is_emptied(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        cart_id = fill_cart(shopper, stocked())
        kept = shopper.client.post("/checkout", json={"cart_id": cart_id}).json()["id"]
        assert buy(shopper, kept).status_code == 201
        assert shopper.client.get("/cart").json()["lines"] == []

    def test_what_was_put_into_the_cart_since_stays_there(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        cart_id = fill_cart(shopper, stocked())
        kept = shopper.client.post("/checkout", json={"cart_id": cart_id}).json()["id"]
        later = stocked()
        fill_cart(shopper, later)
        assert buy(shopper, kept).status_code == 201
        lines = shopper.client.get("/cart").json()["lines"]
        assert [line["product_id"] for line in lines] == [later]

    def test_a_second_purchase_is_409_and_a_retry_is_the_same_one(
        self, shopper: Shopper, stocked: Callable[..., int], count_rows: CountRows
    ) -> None:
        kept = kept_by(shopper, stocked())
        first, again = (buy(shopper, kept, key="k") for _ in range(2))
        assert again.content == first.content
        other = buy(shopper, kept)
        assert (other.status_code, kind_of(other)) == (409, "reservation-used")
        assert count_rows(Purchase) == 1

    def test_several_at_once_buy_it_once(
        self, shopper: Shopper, stocked: Callable[..., int], count_rows: CountRows
    ) -> None:
        kept = kept_by(shopper, stocked())
        with ThreadPoolExecutor(4) as pool:
            codes = list(pool.map(lambda _: buy(shopper, kept).status_code, range(4)))
        assert Counter(codes) == {201: 1, 409: 3}
        assert count_rows(Purchase) == 1

    def test_what_is_over_or_given_back_is_409(
        self, shopper: Shopper, stocked: Callable[..., int], expire: Callable[[], None]
    ) -> None:
        returned = kept_by(shopper, stocked())
        shopper.client.delete(f"/checkout/{returned}")
        expired = kept_by(shopper, stocked())
        expire()
        for kept in (returned, expired):
            answer = buy(shopper, kept)
            assert (answer.status_code, kind_of(answer)) == (409, "reservation-expired")

    def test_anothers_is_404(
        self, register: Callable[[], Shopper], stocked: Callable[..., int]
    ) -> None:
        answer = buy(register(), kept_by(register(), stocked()))
        assert (answer.status_code, kind_of(answer)) == (404, "reservation-not-found")


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
