"""Batches: one transaction, each order its own outcome, and no outcome without a commit."""

from datetime import timedelta
from typing import Any

import pytest
from services.storefront.tests.conftest import MakeProduct
from services.storefront.tests.purchases.conftest import (
    CountRows,
    MakeOrder,
    MakeUser,
    StockOf,
    TurnableClock,
)
from sqlalchemy import Engine, event, make_url, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from infra.local.processes import free_port
from storefront.database import DatabaseUnavailableError, Sessions, sessions_of
from storefront.models import (
    IdempotencyKey,
    OutboxEvent,
    Product,
    Purchase,
    PurchaseLine,
    StockMovement,
)
from storefront.purchases.desk import BatchWriter
from storefront.purchases.idempotency import Answer
from storefront.purchases.orders import Outcome
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers


def kinds(outcomes: list[Outcome]) -> list[str]:
    return [
        ("replay" if outcome.is_replay else "placed")
        if isinstance(outcome, Answer)
        else type(outcome).__name__
        for outcome in outcomes
    ]


class TestWrite:
    def test_every_kind_of_outcome_side_by_side_and_the_neighbours_unharmed(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_user: MakeUser,
        make_product: MakeProduct,
        count_rows: CountRows,
        stock_of: StockOf,
    ) -> None:
        plenty, few = make_product(stock=100, price="10.00"), make_product(stock=1)
        erased = make_user(erased_at=utc_now())
        before = make_order({plenty: 1}, key="before")
        writer.write([before])
        changed = [{"product_id": plenty, "quantity": 1, "unit_price": "9.00"}]
        outcomes = writer.write(
            [
                make_order({plenty: 2}),
                make_order({plenty: 1, few: 2}),
                make_order({plenty: 1, 4711: 1}),
                make_order(changed),
                before,
                make_order({plenty: 9}, key="before"),
                make_order({plenty: 1}, user_id=erased),
                make_order({plenty: 1}, user_id=new_id()),
                make_order({plenty: 3, few: 1}),
            ]
        )
        assert kinds(outcomes) == [
            "placed",
            "OutOfStockError",
            "UnknownProductError",
            "PriceChangedError",
            "replay",
            "IdempotencyKeyReusedError",
            "UnknownUserError",
            "UnknownUserError",
            "placed",
        ]
        assert (stock_of(plenty), stock_of(few)) == (94, 0)
        assert [count_rows(table) for table in (Purchase, IdempotencyKey)] == [3, 3]
        assert [count_rows(table) for table in (PurchaseLine, StockMovement, OutboxEvent)] == [
            4
        ] * 3

    def test_the_last_units_go_to_the_first_comers(
        self, writer: BatchWriter, make_order: MakeOrder, make_product: MakeProduct
    ) -> None:
        product = make_product(stock=3)
        outcomes = writer.write([make_order({product: 1}) for _ in range(5)])
        assert kinds(outcomes) == ["placed"] * 3 + ["OutOfStockError"] * 2

    def test_one_key_twice_in_a_batch_makes_one_purchase(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        count_rows: CountRows,
    ) -> None:
        order = make_order({make_product(): 1})
        first, again = writer.write([order, order])
        assert isinstance(first, Answer)
        assert again == first._replace(is_replay=True)
        assert count_rows(Purchase) == 1

    def test_orders_of_nothing_but_replays_lock_and_write_nothing(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        sessions: Sessions,
    ) -> None:
        order = make_order({make_product(): 1})
        writer.write([order])
        with sessions() as other:
            other.execute(select(Product).with_for_update())
            assert kinds(writer.write([order])) == ["replay"]

    def test_a_purchase_that_was_refused_leaves_its_key_free(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        session: Session,
    ) -> None:
        order = make_order({make_product(stock=0): 1})
        assert kinds(writer.write([order])) == ["OutOfStockError"]
        session.execute(update(Product).values(stock=1))
        session.commit()
        assert kinds(writer.write([order])) == ["placed"]

    def test_a_key_is_new_again_when_its_lifetime_is_over(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        turnable: TurnableClock,
        storefront_settings: StorefrontSettings,
        session: Session,
    ) -> None:
        product = make_product()
        order, other = make_order({product: 1}, key="k"), make_order({product: 2}, key="k")
        writer.write([order])
        turnable.turn(storefront_settings.idempotency_key_lifetime)
        assert kinds(writer.write([other])) == ["placed"]
        row = session.scalars(select(IdempotencyKey)).one()
        assert (row.request_hash, row.created_at) == (other.request_hash, turnable.now)
        turnable.turn(timedelta(hours=1))
        assert kinds(writer.write([other, order])) == ["replay", "IdempotencyKeyReusedError"]

    def test_what_the_database_refuses_fails_alone(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        count_rows: CountRows,
        stock_of: StockOf,
    ) -> None:
        product = make_product(stock=10)
        # No endpoint lets such a key through; it stands for whatever nobody has thought of.
        bad = make_order({product: 1}, key="x" * 300)
        outcomes = writer.write([make_order({product: 1}), bad, make_order({product: 1})])
        assert [isinstance(outcome, Answer) for outcome in outcomes] == [True, False, True]
        assert isinstance(outcomes[1], DBAPIError)
        assert (count_rows(Purchase), stock_of(product)) == (2, 8)

    def test_the_movements_are_all_that_moved(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        stock_of: StockOf,
        moved: StockOf,
        session: Session,
    ) -> None:
        one, other = make_product(stock=50), make_product(stock=50)
        writer.write([make_order({one: 1 + n % 3, other: 2}) for n in range(10)])
        assert (stock_of(one), stock_of(other)) == (50 + moved(one), 50 + moved(other))
        sold = session.scalars(select(Product.units_sold).order_by(Product.id)).all()
        assert list(sold) == [-moved(one), -moved(other)]


class TestCommit:
    @pytest.fixture
    def losing_writer(
        self, sessions: Sessions, storefront_settings: StorefrontSettings, database: Database
    ) -> BatchWriter:
        """Return a writer whose connection is killed right before each commit."""

        class Losing(Session):
            """A session whose connection is ended by the server."""

        @event.listens_for(Losing, "before_commit")
        def kill(session: Session) -> None:
            number = session.connection().exec_driver_sql("SELECT CONNECTION_ID()").scalar()
            database.execute(f"KILL {number}")

        losing: Any = lambda: Losing(sessions.kw["bind"])  # noqa: E731
        return BatchWriter(losing, storefront_settings, clock=utc_now, new_id=new_id)

    def test_a_commit_that_fails_is_503_for_all_and_leaves_nothing(
        self,
        losing_writer: BatchWriter,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        count_rows: CountRows,
        stock_of: StockOf,
    ) -> None:
        product = make_product(stock=10)
        orders = [make_order({product: 1}) for _ in range(3)]
        outcomes = losing_writer.write(orders)
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableError] * 3
        written = (Purchase, PurchaseLine, StockMovement, OutboxEvent, IdempotencyKey)
        assert [count_rows(table) for table in written] == [0] * 5
        assert stock_of(product) == 10
        assert kinds(writer.write(orders)) == ["placed"] * 3

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_database_that_has_no_connection_to_spare_is_503_for_all(
        self,
        database: Database,
        storefront_settings: StorefrontSettings,
        make_order: MakeOrder,
        count: int,
    ) -> None:
        engine = mysql_engine(database.grant("crowded", "SELECT ON products"))
        database.execute("ALTER USER 'crowded'@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
        writer = BatchWriter(sessions_of(engine), storefront_settings, clock=utc_now, new_id=new_id)
        with engine.connect():
            outcomes = writer.write([make_order({1: 1}) for _ in range(count)])
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableError] * count
        engine.dispose()

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_database_that_takes_no_writes_for_now_is_503_for_all(
        self,
        database: Database,
        storefront_engine: Engine,
        storefront_settings: StorefrontSettings,
        make_order: MakeOrder,
        make_product: MakeProduct,
        count: int,
    ) -> None:
        url = make_url(database.grant("writer", "SELECT, INSERT, UPDATE, DELETE ON *.*"))
        engine = mysql_engine(url.set(database=storefront_engine.url.database))
        writer = BatchWriter(sessions_of(engine), storefront_settings, clock=utc_now, new_id=new_id)
        orders = [make_order({make_product(): 1}) for _ in range(count)]
        database.execute("SET GLOBAL read_only = ON")
        try:
            outcomes = writer.write(orders)
        finally:
            database.execute("SET GLOBAL read_only = OFF")
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableError] * count
        assert kinds(writer.write(orders)) == ["placed"] * count
        engine.dispose()

    def test_a_database_that_is_away_is_503_for_all(
        self, storefront_settings: StorefrontSettings, make_order: MakeOrder
    ) -> None:
        engine = mysql_engine(f"mysql+pymysql://nobody@127.0.0.1:{free_port()}/none")
        writer = BatchWriter(sessions_of(engine), storefront_settings, clock=utc_now, new_id=new_id)
        outcomes = writer.write([make_order({1: 1}) for _ in range(3)])
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableError] * 3
        engine.dispose()
