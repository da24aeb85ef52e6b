"""Stock: every unit that moves is written down, and the sums hold."""

import pytest
from services.storefront.tests.conftest import MakeProduct
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.models import MovementReason, Product, StockMovement
from storefront.stock.repository import Movement, StockRepository

pytestmark = pytest.mark.servers


@pytest.fixture
def stock(session: Session) -> StockRepository:
    return StockRepository(session)


class TestLock:
    def test_the_products_come_in_their_order(
        self, stock: StockRepository, make_product: MakeProduct
    ) -> None:
        ids = [make_product(stock=number) for number in range(3)]
        locked = stock.lock([*reversed(ids), ids[0]])
        assert list(locked) == ids
        assert [row.stock for row in locked.values()] == [0, 1, 2]

    def test_an_unknown_product_is_not_among_them(self, stock: StockRepository) -> None:
        assert stock.lock([4711]) == {}


class TestMove:
    def test_units_move_and_each_movement_is_kept(
        self, stock: StockRepository, make_product: MakeProduct, session: Session
    ) -> None:
        first, second = make_product(stock=10), make_product(stock=10)
        stock.lock([first, second])
        stock.move(
            [
                Movement(first, -3, MovementReason.PURCHASE),
                Movement(first, -1, MovementReason.PURCHASE),
                Movement(second, 5, MovementReason.RESTOCK),
            ],
            utc_now(),
        )
        found = session.execute(select(Product.stock, Product.units_sold).order_by(Product.id))
        assert [tuple(row) for row in found] == [(6, 4), (15, 0)]
        assert session.scalar(select(func.count()).select_from(StockMovement)) == 3

    @pytest.mark.parametrize("reason", [MovementReason.CANCELLATION, MovementReason.REFUND])
    def test_what_comes_back_is_sold_no_longer(
        self,
        stock: StockRepository,
        make_product: MakeProduct,
        session: Session,
        reason: MovementReason,
    ) -> None:
        product = make_product(stock=7, units_sold=3)
        stock.move([Movement(product, 2, reason)], utc_now())
        row = session.execute(select(Product.stock, Product.units_sold)).one()
        assert tuple(row) == (9, 1)

    def test_more_than_there_is_is_refused_by_the_database(
        self, stock: StockRepository, make_product: MakeProduct
    ) -> None:
        product = make_product(stock=1)
        with pytest.raises((OperationalError, IntegrityError)):
            stock.move([Movement(product, -2, MovementReason.PURCHASE)], utc_now())
