"""From a row of the books to the lake's: pure functions, one for each table.

A null stays a null, text is trimmed, money keeps its two decimals, instants are aware UTC, and an
id that leads to a person becomes a pseudonym.
"""

from datetime import date

from exporter.amounts import instant, money
from exporter.books.rows import LineRow, ProductRow, PurchaseRow, UserRow
from exporter.lake.tables import LakeRow
from exporter.privacy import Pseudonyms, text


def purchase(row: PurchaseRow, pseudonyms: Pseudonyms, day: date) -> LakeRow:
    """Return a purchase as the lake keeps it."""
    return {
        "id": row.id,
        "user_key": pseudonyms.of_user(row.user_id),
        "status": row.status,
        "subtotal": None,
        "shipping": None,
        "tax": None,
        "total": money(row.total),
        "currency": row.currency,
        "line_count": row.line_count,
        "purchased_at": instant(row.purchased_at),
        "updated_at": instant(row.updated_at),
        "business_day": day,
    }


def purchase_line(row: LineRow, pseudonyms: Pseudonyms, day: date) -> LakeRow:
    """Return a purchase's line as the lake keeps it."""
    return {
        "purchase_id": row.purchase_id,
        "line_number": row.line_number,
        "user_key": pseudonyms.of_user(row.user_id),
        "product_id": row.product_id,
        "quantity": row.quantity,
        "unit_price": money(row.unit_price),
        "line_total": money(row.line_total),
        "currency": row.currency,
        "purchased_at": instant(row.purchased_at),
        "business_day": day,
    }


def product(row: ProductRow) -> LakeRow:
    """Return a product as the lake keeps it."""
    return {
        "id": row.id,
        "gender": text(row.gender),
        "master_category": text(row.master_category),
        "sub_category": text(row.sub_category),
        "article_type": text(row.article_type),
        "base_colour": text(row.base_colour),
        "season": text(row.season),
        "year": row.year,
        "usage": text(row.usage),
        "product_display_name": text(row.product_display_name),
        "price": money(row.price),
        "currency": row.currency,
        "stock": row.stock,
        "is_active": bool(row.is_active),
        "updated_at": instant(row.updated_at),
    }


def user(row: UserRow, pseudonyms: Pseudonyms) -> LakeRow:
    """Return a user as the lake keeps them: a pseudonym, and what does not name a person."""
    sex = (text(row.sex) or "").upper()
    return {
        "user_key": pseudonyms.of_user(row.id),
        "sex": sex if sex in {"M", "F"} else None,
        "age_band": None,
        "city": None,
        "country": None,
        "registered_at": instant(row.created_at),
    }
