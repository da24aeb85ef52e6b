"""The index follows the database, and outlives it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr
from services.storefront.tests.conftest import InProcess, MakeProduct
from sqlalchemy import create_engine, delete, update

from fashion_kit.clock import utc_now
from storefront.database import Sessions, sessions_of, transaction
from storefront.models import MovementReason, Product
from storefront.search.catalogue_copy import CatalogueCopier, CatalogueCopy
from storefront.search.query import Query
from storefront.search.refresh import CatalogueUnavailableError, LiveIndex
from storefront.stock.repository import Movement, StockRepository

pytestmark = pytest.mark.servers

OVERLAP = timedelta(seconds=60)
HOUR = timedelta(hours=1)


@pytest.fixture
def copier(sessions: Sessions) -> CatalogueCopier:
    """Return a reader of the tests' database."""
    return CatalogueCopier(sessions, overlap=OVERLAP)


@pytest.fixture
def change(sessions: Sessions) -> Callable[..., None]:
    """Return a way to change a product, as of now unless said otherwise."""

    def change(product_id: int, **values: Any) -> None:
        with transaction(sessions) as session:
            changes = {"updated_at": utc_now()} | values
            session.execute(update(Product).where(Product.id == product_id).values(changes))

    return change


def ids_of(copy: CatalogueCopy) -> list[int]:
    return [item.id for item in copy.index.search(Query(limit=100)).items]


class TestCatalogueCopier:
    def test_the_first_reading_takes_what_is_on_sale(
        self, copier: CatalogueCopier, make_product: MakeProduct
    ) -> None:
        made = [make_product(), make_product()]
        make_product(is_active=False)
        assert ids_of(copier.read(None, look_for_deleted=False)) == made

    @pytest.mark.parametrize(
        ("values", "shown"),
        [
            ({"stock": 0}, {"in_stock": False}),
            ({"price": Decimal("7.50")}, {"price": Decimal("7.50")}),
            ({"product_display_name": "Red kurta"}, {"product_display_name": "Red kurta"}),
            ({"base_colour": "Red"}, {"base_colour": "Red"}),
            ({"image_url": "https://img.example/1"}, {"image_url": "https://img.example/1"}),
        ],
        ids=lambda values: "-".join(values),
    )
    def test_a_change_is_taken_up(
        self,
        copier: CatalogueCopier,
        make_product: MakeProduct,
        change: Callable[..., None],
        values: dict[str, Any],
        shown: dict[str, Any],
    ) -> None:
        product = make_product()
        before = copier.read(None, look_for_deleted=False)
        change(product, **values)
        [item] = copier.read(before, look_for_deleted=False).index.get([product])
        assert {name: getattr(item, name) for name in shown} == shown

    def test_products_come_leave_and_return(
        self, copier: CatalogueCopier, make_product: MakeProduct, change: Callable[..., None]
    ) -> None:
        first = make_product()
        copy = copier.read(None, look_for_deleted=False)
        second = make_product()
        change(first, is_active=False)
        copy = copier.read(copy, look_for_deleted=False)
        assert ids_of(copy) == [second]
        change(first, is_active=True)
        assert ids_of(copier.read(copy, look_for_deleted=False)) == [first, second]

    def test_what_a_slow_transaction_commits_late_is_not_missed(
        self, copier: CatalogueCopier, make_product: MakeProduct, change: Callable[..., None]
    ) -> None:
        slow = make_product()
        begun = utc_now() - OVERLAP / 2
        copy = copier.read(None, look_for_deleted=False)
        change(make_product(), stock=3)
        copy = copier.read(copy, look_for_deleted=False)
        change(slow, stock=0, updated_at=begun)
        [item] = copier.read(copy, look_for_deleted=False).index.get([slow])
        assert not item.in_stock

    @pytest.mark.parametrize("error", [-HOUR, HOUR], ids=["behind", "ahead"])
    def test_a_sale_by_a_server_with_a_wrong_clock_is_not_missed(
        self,
        copier: CatalogueCopier,
        make_product: MakeProduct,
        sessions: Sessions,
        error: timedelta,
    ) -> None:
        product = make_product(stock=1)
        copy = copier.read(None, look_for_deleted=False)
        with transaction(sessions) as session:
            sale = Movement(product, -1, MovementReason.PURCHASE)
            StockRepository(session).move([sale], utc_now() + error)
        [item] = copier.read(copy, look_for_deleted=False).index.get([product])
        assert not item.in_stock

    def test_what_did_not_change_is_not_read_again(
        self, copier: CatalogueCopier, make_product: MakeProduct
    ) -> None:
        make_product()
        copy = copier.read(None, look_for_deleted=False)
        assert copier.read(copy, look_for_deleted=False).index is copy.index

    def test_a_deleted_product_is_found_missing_when_looked_for(
        self, copier: CatalogueCopier, make_product: MakeProduct, sessions: Sessions
    ) -> None:
        made = [make_product(), make_product()]
        copy = copier.read(None, look_for_deleted=False)
        with transaction(sessions) as session:
            session.execute(delete(Product).where(Product.id == made[0]))
        assert ids_of(copier.read(copy, look_for_deleted=False)) == made
        assert ids_of(copier.read(copy, look_for_deleted=True)) == made[1:]

    def test_instants_are_counted_to_the_microsecond(
        self, copier: CatalogueCopier, make_product: MakeProduct
    ) -> None:
        early = datetime(2026, 1, 1, 0, 0, 0, 123456, UTC)
        make_product(created_at=early)
        copy = copier.read(None, look_for_deleted=False)
        elapsed = early - datetime(1970, 1, 1, tzinfo=UTC)
        assert copy.index.columns.created.tolist() == [elapsed // timedelta(microseconds=1)]


class SlowCopier(CatalogueCopier):
    """Reads when it is let."""

    def __init__(self, sessions: Sessions) -> None:
        super().__init__(sessions, overlap=OVERLAP)
        self.may_read = Event()
        self.may_read.set()
        self.has_begun = Event()
        self.readings = 0

    def read(self, before: CatalogueCopy | None, *, look_for_deleted: bool) -> CatalogueCopy:
        self.readings += 1
        self.has_begun.set()
        self.may_read.wait(timeout=10)
        return super().read(before, look_for_deleted=look_for_deleted)


class TestLiveIndex:
    async def test_many_who_wait_for_the_first_index_share_one_reading(
        self, sessions: Sessions
    ) -> None:
        copier = SlowCopier(sessions)
        live_index = LiveIndex(copier, HOUR)
        found = await asyncio.gather(*(live_index.get() for _ in range(5)))
        assert copier.readings == 1
        assert all(index is found[0] for index in found)

    async def test_while_it_is_fresh_nothing_is_read(self, sessions: Sessions) -> None:
        copier = SlowCopier(sessions)
        live_index = LiveIndex(copier, HOUR)
        assert await live_index.get() is await live_index.get()
        assert copier.readings == 1

    async def test_nobody_waits_long_for_a_slow_reading(self, sessions: Sessions) -> None:
        copier = SlowCopier(sessions)
        live_index = LiveIndex(copier, timedelta(microseconds=1))
        old = await live_index.get()
        copier.may_read.clear()
        copier.has_begun.clear()
        try:
            assert await live_index.get() is old
            assert await asyncio.to_thread(copier.has_begun.wait, 10)
            assert await live_index.get() is old
            assert copier.readings == 2
        finally:
            copier.may_read.set()
            await live_index.close()

    async def test_at_age_zero_a_reading_begun_before_is_not_enough(
        self, sessions: Sessions, make_product: MakeProduct
    ) -> None:
        copier = SlowCopier(sessions)
        live_index = LiveIndex(copier, timedelta(0))
        await live_index.get()
        begun = live_index.start()
        await asyncio.sleep(0)
        product = make_product()
        index = await live_index.get()
        assert begun.done()
        assert [item.id for item in index.get([product])] == [product]

    async def test_without_a_database_there_is_no_first_index(self) -> None:
        live_index = LiveIndex(_unreachable(), timedelta(0))
        with pytest.raises(CatalogueUnavailableError):
            await live_index.get()

    async def test_lists_go_on_when_the_database_has_gone(
        self, copier: CatalogueCopier, make_product: MakeProduct, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        product = make_product()
        live_index = LiveIndex(copier, timedelta(0))
        await live_index.get()
        monkeypatch.setattr(copier, "_sessions", _unreachable()._sessions)
        assert [item.id for item in (await live_index.get()).get([product])] == [product]


def _unreachable() -> CatalogueCopier:
    engine = create_engine("mysql+pymysql://nobody@127.0.0.1:1/none")
    return CatalogueCopier(sessions_of(engine), overlap=OVERLAP)


class TestServed:
    async def test_without_a_database_a_list_is_503_with_a_time_to_return(
        self, in_process: InProcess
    ) -> None:
        nowhere = SecretStr("mysql+pymysql://nobody@127.0.0.1:1/none")
        async with in_process({"database_url": nowhere}) as client:
            answer = await client.get("/products")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["type"] == "urn:fashion-store:problem:catalogue-unavailable"
