"""What is shown of a cart: its lines as they stand now, and what the shopper should know."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from storefront.carts.repository import PricedLine
from storefront.carts.schemas import (
    CartLineView,
    CartView,
    FewerLeft,
    NoLongerSold,
    Notice,
    OutOfStock,
    PriceChanged,
)


def cart_view(
    cart_id: str | None, rows: Sequence[PricedLine], reserved: Mapping[int, int], currency: str
) -> CartView:
    """Return the cart; an empty one is in the shop's own currency."""
    # What the shopper has reserved has left the stock, but it is this shopper's to buy.
    units = {row.product_id: row.stock + reserved.get(row.product_id, 0) for row in rows}
    lines = [_line_view(row, units[row.product_id]) for row in rows]
    bought = [line for line in lines if line.in_stock]
    currencies = {line.currency for line in bought} or {currency}
    is_one_sum = len(currencies) == 1
    return CartView(
        id=cart_id,
        lines=lines,
        notices=[notice for row in rows for notice in _notices(row, units[row.product_id])],
        subtotal=sum((line.line_total for line in bought), Decimal("0.00")) if is_one_sum else None,
        currency=currencies.pop() if is_one_sum else None,
    )


def _line_view(row: PricedLine, units: int) -> CartLineView:
    buyable = units if row.is_active else 0
    return CartLineView(
        product_id=row.product_id,
        product_display_name=row.product_display_name,
        image_url=row.image_url or f"/products/{row.product_id}/image.svg",
        quantity=row.quantity,
        unit_price=row.unit_price,
        current_unit_price=row.current_unit_price,
        line_total=row.quantity * row.current_unit_price,
        currency=row.currency,
        in_stock=buyable >= row.quantity,
        # How many are left is the shop's own business, until somebody wants more.
        available=buyable if buyable < row.quantity else None,
    )


def _notices(row: PricedLine, units: int) -> list[Notice]:
    name = row.product_display_name or f"Product {row.product_id}"
    if not row.is_active:
        return [NoLongerSold(product_id=row.product_id, detail=f"{name} is no longer sold.")]
    found: list[Notice] = []
    if units == 0:
        found.append(OutOfStock(product_id=row.product_id, detail=f"{name} is sold out."))
    elif units < row.quantity:
        detail = f"Of {name} only {units} can be had, not {row.quantity}."
        found.append(FewerLeft(product_id=row.product_id, detail=detail, available=units))
    if row.unit_price != row.current_unit_price:
        price = f"{row.current_unit_price} {row.currency}"
        found.append(
            PriceChanged(
                product_id=row.product_id,
                detail=f"{name} costs {price} now, not {row.unit_price}.",
                unit_price=row.unit_price,
                current_unit_price=row.current_unit_price,
            )
        )
    return found
