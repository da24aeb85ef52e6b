"""The decisions of those who keep the catalogue. Every change is written down with who made it.

ConflictError   ProductExistsError, NoFreeIdError, StockTooLargeError
"""

import json
from collections.abc import Mapping
from typing import Final

from fashion_kit.clock import Clock
from fashion_kit.errors import ConflictError
from fashion_kit.etags import check_match, etag_of
from fashion_kit.paging import Page, cut_page, decode_cursor
from storefront.catalogue.admin_repository import AdminProductRepository
from storefront.catalogue.admin_schemas import (
    KeptProduct,
    NewProduct,
    ProductChangeView,
    ProductPatch,
    Restock,
)
from storefront.catalogue.service import ProductNotFoundError
from storefront.models import MovementReason, Product, ProductAction, ProductChange
from storefront.purchases.idempotency import Answer, IdempotencyRepository
from storefront.stock.repository import Movement, StockRepository

OK: Final = 200
HIGHEST_ID: Final = 2**32 - 1
MOST_STOCK: Final = 2**31 - 1  # what MySQL's INTEGER holds

Changes = Mapping[str, tuple[object, object]]


class ProductExistsError(ConflictError):
    """Raised when a new product is given the id of another."""

    def __init__(self, product_id: int) -> None:
        super().__init__(f"There is a product {product_id} already.", product_id=product_id)


class NoFreeIdError(ConflictError):
    """Raised when no id is left after the highest."""

    def __init__(self) -> None:
        super().__init__("The highest id is taken. Give the product an id that is free.")


class StockTooLargeError(ConflictError):
    """Raised when more units would lie there than the books can hold."""

    def __init__(self, product_id: int, stock: int) -> None:
        super().__init__(
            f"Of product {product_id} there are {stock} already.",
            product_id=product_id,
            stock=stock,
        )


class AdminProductService:
    """Keeps products in the name of one admin. The caller owns the transaction."""

    def __init__(
        self,
        products: AdminProductRepository,
        stock: StockRepository,
        actor_id: str,
        *,
        clock: Clock,
    ) -> None:
        self._products = products
        self._stock = stock
        self._actor_id = actor_id
        self._clock = clock

    def add(self, new: NewProduct, currency: str) -> KeptProduct:
        """Put the product on sale; raise ProductExistsError if its id is taken."""
        now = self._products.now()
        values = new.model_dump(exclude={"id", "stock"}) | {"currency": currency}
        product = Product(
            **values, stock=0, is_active=True, version=1, created_at=now, updated_at=now
        )
        if new.id is None:
            self._add_as_next(product)
        else:
            product.id = new.id
            if not self._products.add(product):
                raise ProductExistsError(new.id)
        told: dict[str, tuple[object, object]] = {
            name: (None, value) for name, value in values.items() if value is not None
        }
        if new.stock:
            told |= self._move(product, new.stock, MovementReason.INITIAL)
        self._note(product, ProductAction.ADD, told)
        return KeptProduct.model_validate(product)

    def get(self, product_id: int) -> KeptProduct:
        """Return the product, on sale or not; raise ProductNotFoundError if there is none."""
        product = self._products.get_one_or_none(product_id)
        if product is None:
            raise ProductNotFoundError(product_id)
        return KeptProduct.model_validate(product)

    def change(self, product_id: int, patch: ProductPatch, if_match: str | None) -> KeptProduct:
        """Tell it otherwise, if it is still the version that the change is meant for."""
        product = self._locked(product_id)
        check_match(if_match, etag(product), is_required=True)
        wanted = patch.model_dump(exclude_unset=True)
        changes = {
            name: (getattr(product, name), value)
            for name, value in wanted.items()
            if getattr(product, name) != value
        }
        if changes:
            for name, (_, value) in changes.items():
                setattr(product, name, value)
            product.version += 1
            self._note(product, ProductAction.CHANGE, changes)
        return KeptProduct.model_validate(product)

    def restock_once(
        self, keys: IdempotencyRepository, product_id: int, arrived: Restock
    ) -> Answer:
        """Take the units in, or return the answer that the same request was given before."""
        before = keys.claim(arrived.digest(product_id), self._clock())
        if before is not None:
            return before
        answer = Answer(OK, self.restock(product_id, arrived).model_dump_json())
        keys.keep(answer)
        return answer

    def restock(self, product_id: int, arrived: Restock) -> KeptProduct:
        """Take the units into stock; raise StockTooLargeError if the books cannot hold them."""
        product = self._locked(product_id)
        if product.stock > MOST_STOCK - arrived.quantity:
            raise StockTooLargeError(product_id, product.stock)
        changes = self._move(product, arrived.quantity, MovementReason.RESTOCK)
        if arrived.note is not None:
            changes["note"] = (None, arrived.note)
        self._note(product, ProductAction.RESTOCK, changes)
        return KeptProduct.model_validate(product)

    def retire(self, product_id: int) -> KeptProduct:
        """Take the product off sale; one that is off already stays so."""
        return self._put(product_id, ProductAction.RETIRE, is_active=False)

    def reinstate(self, product_id: int) -> KeptProduct:
        """Put the product on sale again; one that is on sale stays so."""
        return self._put(product_id, ProductAction.REINSTATE, is_active=True)

    def changes(self, product_id: int, cursor: str | None, size: int) -> Page[ProductChangeView]:
        """Return a page of what was done to the product, newest first."""
        self.get(product_id)
        before = int(decode_cursor(cursor, pattern=r"[0-9]{1,19}")) if cursor else None
        rows = self._products.list_changes(product_id, before, limit=size + 1)
        items, next_cursor = cut_page(rows, size, key=lambda change: str(change.id))
        views = [ProductChangeView.model_validate(change) for change in items]
        return Page(items=views, next_cursor=next_cursor)

    def _locked(self, product_id: int) -> Product:
        product = self._products.lock(product_id)
        if product is None:
            raise ProductNotFoundError(product_id)
        return product

    def _add_as_next(self, product: Product) -> None:
        # Another one may take the id between our two statements. Then a product more is there, so
        # somebody always gets on, and we ask again.
        while True:
            product.id = self._products.highest_id() + 1
            if product.id > HIGHEST_ID:
                raise NoFreeIdError
            if self._products.add(product):
                return

    def _put(self, product_id: int, action: ProductAction, *, is_active: bool) -> KeptProduct:
        product = self._locked(product_id)
        if product.is_active != is_active:
            product.is_active = is_active
            self._note(product, action, {"is_active": (not is_active, is_active)})
        return KeptProduct.model_validate(product)

    def _move(
        self, product: Product, quantity: int, reason: MovementReason
    ) -> dict[str, tuple[object, object]]:
        before = product.stock
        self._stock.move([Movement(product.id, quantity, reason)], self._clock())
        self._products.read_again(product)
        return {"stock": (before, product.stock)}

    def _note(self, product: Product, action: ProductAction, changes: Changes) -> None:
        now = self._products.now()
        product.updated_at = now
        self._products.add_change(
            ProductChange(
                product_id=product.id,
                actor_id=self._actor_id,
                action=action,
                version=product.version,
                changes=json.dumps(dict(changes), default=str, ensure_ascii=False),
                changed_at=now,
            )
        )


def etag(product: Product | KeptProduct) -> str:
    """Return the tag of what a change can be meant for: a sale does not stop an editor."""
    return etag_of(product.version)
