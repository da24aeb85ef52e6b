"""Load products into the shop: in batches, and as often as one likes.

A product that is there keeps its price and stock; one that is new gets both, and the movement that
its stock begins with.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.logs import get_logger
from storefront.database import run_in_transaction, sessions_of
from storefront.loading.bulk_repository import BulkRepository, ProductForSale
from storefront.loading.first_stock import StockModel
from storefront.loading.generator import generate
from storefront.loading.new_product import NewProduct
from storefront.loading.prices import CURRENCY, PriceModel
from storefront.loading.styles import OddRow, StylesRow, read_styles

BATCH_SIZE: Final = 1_000
ATTEMPTS: Final = 10  # of one batch, while shoppers' purchases or another load hold its rows

OnProgress = Callable[[int], None]

log = get_logger(__name__)


@dataclass(frozen=True)
class LoadReport:
    """What a load did."""

    inserted: int = 0
    updated: int = 0
    """Products that were there, but described otherwise."""
    unchanged: int = 0
    odd_rows: tuple[OddRow, ...] = ()
    """The file's rows that were repaired, or skipped."""

    def __add__(self, other: "LoadReport") -> "LoadReport":
        """Return the report of both loads together."""
        return LoadReport(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.odd_rows + other.odd_rows,
        )

    @property
    def loaded(self) -> int:
        """Return how many products the load went through."""
        return self.inserted + self.updated + self.unchanged

    @property
    def repaired(self) -> int:
        """Return how many of the file's rows were repaired."""
        return sum(row.product is not None for row in self.odd_rows)

    @property
    def skipped(self) -> int:
        """Return how many of the file's rows could not be loaded."""
        return len(self.odd_rows) - self.repaired


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is: the rows that are committed, and the bytes read of the file's."""

    rows: int
    bytes_read: int
    bytes_in_all: int


OnImportProgress = Callable[[ImportProgress], None]


def ignore_progress(_: object) -> None:
    """Tell nobody how far the load is."""


def seed_catalogue(
    engine: Engine,
    *,
    count: int,
    seed: int,
    clock: Clock,
    currency: str = CURRENCY,
    on_progress: OnProgress = ignore_progress,
) -> LoadReport:
    """Load the generated catalogue: the seed decides the products, their prices and stock."""
    return load_products(
        engine,
        generate(count, seed=seed),
        price_model=PriceModel(seed, currency),
        stock_model=StockModel(seed),
        clock=clock,
        on_progress=on_progress,
    )


def import_catalogue(
    engine: Engine,
    path: Path,
    *,
    seed: int,
    clock: Clock,
    currency: str = CURRENCY,
    on_progress: OnImportProgress = ignore_progress,
) -> LoadReport:
    """Load a Kaggle styles.csv; the seed decides the prices and stock that it does not tell."""
    odd_rows: list[OddRow] = []
    position = 0

    def note(bytes_read: int) -> None:
        nonlocal position
        position = bytes_read

    report = load_products(
        engine,
        _readable(read_styles(path, note), odd_rows),
        price_model=PriceModel(seed, currency),
        stock_model=StockModel(seed),
        clock=clock,
        on_progress=lambda rows: on_progress(ImportProgress(rows, position, path.stat().st_size)),
    )
    return replace(report, odd_rows=tuple(odd_rows))


def load_products(
    engine: Engine,
    products: Iterable[NewProduct],
    *,
    price_model: PriceModel,
    stock_model: StockModel,
    clock: Clock,
    on_progress: OnProgress = ignore_progress,
) -> LoadReport:
    """Load the products, each batch in its own transaction; a load cut off is simply run again."""
    sessions = sessions_of(engine)
    loader = _Loader(price_model, stock_model, clock)
    done = LoadReport()
    for batch in _batches(products):
        load = partial(loader.load, batch=batch)
        done += run_in_transaction(sessions, load, attempts=ATTEMPTS)
        on_progress(done.loaded)
    log.debug(
        "catalogue_loaded", inserted=done.inserted, updated=done.updated, unchanged=done.unchanged
    )
    return done


@dataclass(frozen=True)
class _Loader:
    price_model: PriceModel
    stock_model: StockModel
    clock: Clock

    def load(self, session: Session, *, batch: Sequence[NewProduct]) -> LoadReport:
        """Bring the batch into the database, and say what that took."""
        repository = BulkRepository(session)
        known = repository.get_known([product.id for product in batch])
        changed = [product for product in batch if known.get(product.id) != product]
        added = [product.id for product in changed if product.id not in known]
        now = self.clock()
        if changed:
            repository.save(map(self._for_sale, changed), now=now)
        if added:
            repository.add_initial_movements(added, now=now)
        return LoadReport(
            inserted=len(added),
            updated=len(changed) - len(added),
            unchanged=len(batch) - len(changed),
        )

    def _for_sale(self, product: NewProduct) -> ProductForSale:
        price = self.price_model.price_of(product)
        stock = self.stock_model.units_of(product.id, price)
        return ProductForSale(product, price, self.price_model.currency, stock)


def _readable(rows: Iterable[StylesRow | OddRow], odd_rows: list[OddRow]) -> Iterator[NewProduct]:
    for row in rows:
        if isinstance(row, OddRow):
            log.debug("styles_row_odd", line_number=row.line_number, faults=row.faults)
            odd_rows.append(row)
        if row.product is not None:
            yield row.product


def _batches(products: Iterable[NewProduct]) -> Iterator[list[NewProduct]]:
    """Yield batches in id order, the order in which purchases take their locks as well."""
    waiting = iter(products)
    while batch := {product.id: product for product in islice(waiting, BATCH_SIZE)}:
        yield [batch[product_id] for product_id in sorted(batch)]
