"""From a source's row to the lake's: pure functions, one for each table.

A null stays a null, text is trimmed, money keeps its two decimals, instants are aware UTC, and an
id that leads to a person becomes a pseudonym.
"""

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b

from exporter.rows import LineRow, ProductRow, PurchaseRow, UserRow
from fashion_contracts.events import Interaction

LakeRow = dict[str, object]

CENT = Decimal("0.01")
PSEUDONYM_BYTES = 16

_EMAIL = re.compile(r"\S+@\S+")
# Seven digits and more are a telephone or an account; sizes, years and prices are shorter.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s()./-]{0,2}\d){6,}")


class Pseudonyms:
    """Turns ids into keyed hashes: the same id, the same pseudonym; without the key, no way back.

    Users and anonymous shoppers are hashed apart, so that nobody becomes a user by choosing an id.
    """

    def __init__(self, secret: bytes) -> None:
        # BLAKE2b takes keys of up to 64 bytes; hashing the secret first allows any length.
        self._key = blake2b(secret).digest()

    def of_user(self, user_id: str) -> str:
        """Return the pseudonym of a user of the shop."""
        return self._hash(user_id, b"user")

    def of_anonymous(self, anonymous_id: str) -> str:
        """Return the pseudonym of a shopper who was not logged in."""
        return self._hash(anonymous_id, b"anonymous")

    def _hash(self, value: str, kind: bytes) -> str:
        digest = blake2b(value.encode(), digest_size=PSEUDONYM_BYTES, key=self._key, person=kind)
        return digest.hexdigest()


def text(value: str | None) -> str | None:
    """Return the text in one Unicode form with single blanks; nothing but blanks is a null."""
    if value is None:
        return None
    return " ".join(unicodedata.normalize("NFC", value).split()) or None


def search_text(value: str | None) -> str | None:
    """Return a search as analysts may see it: people paste e-mails and telephone numbers there."""
    tidy = text(value)
    if tidy is None:
        return None
    return _LONG_NUMBER.sub("[number]", _EMAIL.sub("[email]", tidy))


def money(value: Decimal) -> Decimal:
    """Return the amount with exactly two decimals; an amount that has more is refused."""
    exact = value.quantize(CENT)
    if exact != value:
        raise ValueError(f"{value} has more than two decimals")
    return exact


def instant(value: datetime) -> datetime:
    """Return MySQL's naive UTC instant as an aware one."""
    return value.replace(tzinfo=UTC)


def purchase(row: PurchaseRow, pseudonyms: Pseudonyms, day: date) -> LakeRow:
    """Return a purchase as the lake keeps it."""
    return {
        "id": row.id,
        "user_key": pseudonyms.of_user(row.user_id),
        "status": row.status,
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
        "birth_year": row.birth_year,
        "registered_at": instant(row.created_at),
    }


def event(interaction: Interaction, pseudonyms: Pseudonyms, day: date) -> LakeRow:
    """Return an event as the lake keeps it: no page address and no browser go along."""
    return {
        "event_id": interaction.event_id,
        "type": interaction.type.value,
        "shopper_key": _shopper_key(interaction, pseudonyms),
        "is_anonymous": interaction.user_id is None,
        "session_id": interaction.session_id,
        "product_id": interaction.product_id,
        "quantity": interaction.quantity,
        "price": None if interaction.price is None else money(interaction.price),
        "currency": interaction.currency,
        "query": search_text(interaction.query),
        "list_id": interaction.list.id if interaction.list else None,
        "list_position": interaction.list.position if interaction.list else None,
        "recommendation_id": interaction.recommendation_id,
        "purchase_id": interaction.purchase_id,
        "event_time": interaction.event_time,
        "received_at": interaction.received_at,
        "business_day": day,
    }


def _shopper_key(interaction: Interaction, pseudonyms: Pseudonyms) -> str:
    if interaction.user_id is not None:
        return pseudonyms.of_user(interaction.user_id)
    return pseudonyms.of_anonymous(interaction.shopper_id)
