"""Loading products into the real database: completely, once, and as often as one likes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, make_url, select, update
from sqlalchemy.orm import Session

from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from storefront.database import migrate
from storefront.loading.first_stock import StockModel
from storefront.loading.generator import generate
from storefront.loading.load import (
    BATCH_SIZE,
    ImportProgress,
    LoadReport,
    import_catalogue,
    load_products,
    seed_catalogue,
)
from storefront.loading.new_product import NewProduct
from storefront.loading.prices import PriceModel
from storefront.loading.styles import HEADER, WrongStylesHeaderError
from storefront.models import Product, StockMovement

pytestmark = pytest.mark.servers

NAME = "catalogue_loading"
SEED = 7
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHIRT = NewProduct(
    41, "Men", "Apparel", "Topwear", "Shirts", "Navy Blue", "Fall", 2011, "Casual", "Norvik Shirt"
)


def noon() -> datetime:
    return NOON


def evening() -> datetime:
    return NOON.replace(hour=18)


@pytest.fixture(scope="module")
def catalogue_engine(database: Database) -> Iterator[Engine]:
    """Return the way to a schema of these tests' own, as they count every row."""
    database.execute(f"CREATE DATABASE {NAME}")
    url = make_url(database.owner_url).set(database=NAME)
    migrate(url.render_as_string(hide_password=False))
    engine = mysql_engine(url)
    yield engine
    engine.dispose()
    database.execute(f"DROP DATABASE {NAME}")


@pytest.fixture
def engine(catalogue_engine: Engine) -> Engine:
    """Return the way to an empty catalogue."""
    with Session(catalogue_engine) as session:
        session.query(StockMovement).delete()
        session.query(Product).delete()
        session.commit()
    return catalogue_engine


def load(engine: Engine, *products: NewProduct, **others: Any) -> LoadReport:
    models: dict[str, Any] = {
        "price_model": PriceModel(SEED),
        "stock_model": StockModel(SEED),
        "clock": noon,
    }
    return load_products(engine, products, **models | others)


def product_in(engine: Engine, product_id: int = SHIRT.id) -> Product:
    with Session(engine) as session:
        return session.get_one(Product, product_id)


def movements_in(engine: Engine) -> list[StockMovement]:
    with Session(engine) as session:
        return list(session.scalars(select(StockMovement).order_by(StockMovement.id)))


def snapshot(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [
            list(connection.execute(select(table).order_by("id")))
            for table in (Product.__table__, StockMovement.__table__)
        ]


def test_a_new_product_is_for_sale(engine: Engine) -> None:
    assert load(engine, SHIRT) == LoadReport(inserted=1)
    product = product_in(engine)
    assert NewProduct(*(getattr(product, column) for column in NewProduct.__slots__)) == SHIRT
    assert product.price == PriceModel(SEED).price_of(SHIRT)
    assert product.currency == "INR"
    assert product.stock == StockModel(SEED).units_of(SHIRT.id, product.price)
    assert product.is_active
    assert product.version == 1
    assert product.created_at == product.updated_at == NOON


def test_nulls_stay_nulls(engine: Engine) -> None:
    load(engine, NewProduct(41, *[None] * 9))
    product = product_in(engine)
    assert all(getattr(product, column) is None for column in NewProduct.__slots__[1:])


def test_its_stock_begins_with_a_movement(engine: Engine) -> None:
    load(engine, SHIRT)
    (movement,) = movements_in(engine)
    assert movement.product_id == SHIRT.id
    assert movement.quantity == product_in(engine).stock
    assert movement.reason == "initial"
    assert movement.purchase_id is None
    assert movement.moved_at == NOON


def test_the_currency_is_the_price_models(engine: Engine) -> None:
    load(engine, SHIRT, price_model=PriceModel(SEED, "VND"))
    assert product_in(engine).currency == "VND"


def test_a_second_load_changes_nothing(engine: Engine) -> None:
    seed_catalogue(engine, count=1_500, seed=SEED, clock=noon)
    before = snapshot(engine)
    report = seed_catalogue(engine, count=1_500, seed=SEED, clock=evening)
    assert report == LoadReport(unchanged=1_500)
    assert snapshot(engine) == before


def test_another_seed_does_not_reprice_what_is_there(engine: Engine) -> None:
    load(engine, SHIRT)
    before = snapshot(engine)
    load(engine, SHIRT, price_model=PriceModel(SEED + 1), stock_model=StockModel(SEED + 1))
    assert snapshot(engine) == before


def test_stock_that_was_sold_does_not_come_back(engine: Engine) -> None:
    load(engine, SHIRT)
    with engine.begin() as connection:
        connection.execute(update(Product).values(stock=0))
    load(engine, replace(SHIRT, base_colour="Blue"))
    assert product_in(engine).stock == 0
    assert len(movements_in(engine)) == 1


def test_a_new_description_changes_nothing_else(engine: Engine) -> None:
    load(engine, SHIRT)
    before = product_in(engine)
    report = load(engine, replace(SHIRT, base_colour=None, article_type="Watches"), clock=evening)
    after = product_in(engine)
    assert report == LoadReport(updated=1)
    assert (after.base_colour, after.article_type) == (None, "Watches")
    assert (after.price, after.stock, after.created_at) == (before.price, before.stock, NOON)
    assert (after.version, after.updated_at) == (2, evening())


def test_a_mixed_batch_is_counted_by_kind(engine: Engine) -> None:
    load(engine, SHIRT, replace(SHIRT, id=42))
    report = load(engine, SHIRT, replace(SHIRT, id=42, year=2012), replace(SHIRT, id=43))
    assert report == LoadReport(inserted=1, updated=1, unchanged=1)


def test_no_products_are_no_work(engine: Engine) -> None:
    assert load(engine) == LoadReport()


def test_progress_is_told_after_each_batch(engine: Engine) -> None:
    told: list[int] = []
    count = 2 * BATCH_SIZE + 1
    seed_catalogue(engine, count=count, seed=SEED, clock=noon, on_progress=told.append)
    assert told == [BATCH_SIZE, 2 * BATCH_SIZE, count]


def test_a_load_that_broke_off_is_finished_by_the_next(engine: Engine) -> None:
    def break_off(done: int) -> None:
        raise ConnectionError(done)

    with pytest.raises(ConnectionError):
        seed_catalogue(engine, count=1_500, seed=SEED, clock=noon, on_progress=break_off)
    report = seed_catalogue(engine, count=1_500, seed=SEED, clock=noon)
    assert report == LoadReport(inserted=500, unchanged=BATCH_SIZE)
    assert len(movements_in(engine)) == 1_500


def test_two_loads_at_once_load_once(engine: Engine) -> None:
    with ThreadPoolExecutor() as pool:
        loads = [
            pool.submit(seed_catalogue, engine, count=3_000, seed=SEED, clock=noon)
            for _ in range(2)
        ]
        assert all(one.result().loaded == 3_000 for one in loads)
    with Session(engine) as session:
        stock = session.scalar(select(func.sum(Product.stock)))
        movements = select(func.count(), func.sum(StockMovement.quantity))
        assert session.execute(movements).one() == (3_000, stock)


def test_a_batch_is_one_statement_to_the_server(engine: Engine) -> None:
    def inserts() -> int:
        with engine.connect() as connection:
            row = connection.exec_driver_sql("SHOW GLOBAL STATUS LIKE 'Com_insert'").one()
            return int(row[1])

    before = inserts()
    load(engine, *generate(BATCH_SIZE, seed=SEED))
    assert inserts() - before == 1


def test_a_file_is_imported_with_its_odd_rows_reported(engine: Engine, tmp_path: Path) -> None:
    start = "Men,Apparel,Topwear,Shirts,NA,Fall,2011,,"
    path = tmp_path / "styles.csv"
    lines = [",".join(HEADER), f"1,{start}A", f"2,{start}B, C", "3,Men", f"1,{start}D"]
    path.write_text("\n".join(lines), encoding="utf-8")
    report = import_catalogue(engine, path, seed=SEED, clock=noon)
    assert (report.loaded, report.repaired, report.skipped) == (2, 1, 2)
    assert [row.line_number for row in report.odd_rows] == [3, 4, 5]
    assert product_in(engine, 2).product_display_name == "B, C"
    assert import_catalogue(engine, path, seed=SEED, clock=noon).unchanged == 2


def test_an_import_tells_how_far_it_is(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "styles.csv"
    rows = [f"{number},Men,Apparel,Topwear,Shirts,NA,Fall,2011,,A" for number in range(1, 1_502)]
    path.write_text("\n".join([",".join(HEADER), *rows]), encoding="utf-8")
    told: list[ImportProgress] = []
    import_catalogue(engine, path, seed=SEED, clock=noon, on_progress=told.append)
    size = path.stat().st_size
    assert [one.rows for one in told] == [BATCH_SIZE, 1_501]
    assert 0 < told[0].bytes_read < told[1].bytes_read == size
    assert told[0].bytes_in_all == size


def test_a_wrong_file_leaves_the_catalogue_alone(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("id,price\n1,2\n", encoding="utf-8")
    with pytest.raises(WrongStylesHeaderError):
        import_catalogue(engine, path, seed=SEED, clock=noon)
    assert snapshot(engine) == [[], []]
