"""The rows as the database gives them, column by column in the order of the SELECT."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class PurchaseRow(NamedTuple):
    """One purchase."""

    id: str
    user_id: str
    status: str
    total: Decimal
    currency: str
    line_count: int
    purchased_at: datetime
    updated_at: datetime


class LineRow(NamedTuple):
    """One line of a purchase, with what the analyst needs of the purchase."""

    purchase_id: str
    line_number: int
    user_id: str
    product_id: int
    quantity: int
    unit_price: Decimal
    line_total: Decimal
    currency: str
    purchased_at: datetime


class ProductRow(NamedTuple):
    """One product."""

    id: int
    gender: str | None
    master_category: str | None
    sub_category: str | None
    article_type: str | None
    base_colour: str | None
    season: str | None
    year: int | None
    usage: str | None
    product_display_name: str | None
    price: Decimal
    currency: str
    stock: int
    is_active: int
    updated_at: datetime


class UserRow(NamedTuple):
    """One user; nothing that names a person is ever selected."""

    id: str
    sex: str | None
    birth_year: int | None
    created_at: datetime
