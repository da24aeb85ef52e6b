"""The shopper's item in DynamoDB: the interactions Lambda writes it, the API of picks reads it.

One item a shopper, at most 1 KB, so that a click costs one write unit and a reading half a read
unit. What is a list is packed little-endian into one binary attribute:

user_id     S  the key: a user's id, or an anonymous id that begins with `anon-`
history     B  20 acts of interest, oldest first, 13 bytes each: seconds, product, type, event hash
cart        B  16 marks, 9 bytes each: seconds, product, whether it is in the cart
bought      B  20 marks, 9 bytes each: seconds, product, whether it is still bought
picks       B  24 picks, 8 bytes each: product, score, source and reason, place in the history
sequence    B  the last sequence number applied, big-endian; it only grows, and outlives forgetting
model       S  version of the model that ranked the picks; absent when there was none
expires_at  N  when DynamoDB may drop the item, in seconds since 1970

History and marks are sets that merge: whatever the order in which events arrive, and however often,
the same events give the same bytes. An act is told apart by product, type and a 32-bit hash of its
event id. Two different acts are taken for one only if they are of one shopper, one product, one
type and one hash (1 in 200 million among 20 acts), and then no more is lost than a second look at
the same product.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, Final, NamedTuple, Self
from zlib import crc32

from fashion_contracts.events import EventType

HISTORY_LENGTH: Final = 20
CART_LENGTH: Final = 16
BOUGHT_LENGTH: Final = 20
PICKS_LENGTH: Final = 24
ITEM_LIMIT_BYTES: Final = 1024
ANONYMOUS_PREFIX: Final = "anon-"

SHOPPERS_KEY: Final = "user_id"
TRENDS_KEY: Final = "scope"
TRENDS_SORT_KEY: Final = "part"
MODELS_KEY: Final = "name"

# The place in this tuple is what is packed: add at the end, never reorder.
INTEREST_TYPES: Final = (
    EventType.PRODUCT_VIEW,
    EventType.LIST_CLICK,
    EventType.ADD_TO_CART,
    EventType.PURCHASE,
)
TICKS_PER_SECOND: Final = 16
"""Clicks of one second keep their order: a sixteenth fits into the spare bits of the type."""

_ACT: Final = struct.Struct("<IIBI")
_MARK: Final = struct.Struct("<IIB")
# When an act or mark was, whichever of them it is.
_STAMP: Final = struct.Struct("<I4xB")
_PICK: Final = struct.Struct("<IHBB")
_MAX_SECONDS: Final = 2**32 - 1
_MAX_SCORE: Final = 2**16 - 1
_NO_ANCHOR: Final = 255

Attributes = dict[str, dict[str, Any]]


class Source(StrEnum):
    """Which step of the ladder a pick comes from. Its place here is packed: add at the end."""

    SESSION = "session"
    USER = "user"
    TRENDING = "trending"
    NEWEST = "newest"
    SEGMENT = "segment"


class Reason(IntEnum):
    """Why a product is picked."""

    VIEWED = 0
    CARTED = 1
    BOUGHT = 2
    TRENDING = 3
    NEW = 4
    IN_SEGMENT = 5
    SIMILAR = 6
    GOES_WITH = 7

    @property
    def code(self) -> str:
        """Return the reason as the API spells it."""
        return _REASON_CODES[self]


_REASON_CODES: Final = {
    Reason.VIEWED: "because_you_viewed",
    Reason.CARTED: "because_you_put_in_cart",
    Reason.BOUGHT: "because_you_bought",
    Reason.TRENDING: "trending",
    Reason.NEW: "new",
    Reason.IN_SEGMENT: "popular_where_you_look",
    Reason.SIMILAR: "similar_to",
    Reason.GOES_WITH: "goes_with",
}
_SOURCES: Final = tuple(Source)
_REASONS: Final = tuple(Reason)


class Act(NamedTuple):
    """One act of interest. Acts sort by time, then by their event's hash."""

    ticks: int
    event_hash: int
    product_id: int
    type: EventType


class Mark(NamedTuple):
    """Whether a product is in the cart, or bought, since when: the later mark holds.

    At the same instant the mark that ends it holds (`ended` sorts last): undoing follows doing.
    """

    ticks: int
    ended: bool
    product_id: int


class Pick(NamedTuple):
    """One recommended product. Scores compare within one source only."""

    product_id: int
    score: float
    source: Source
    reason: Reason
    because_of: int | None = None
    """The product that the shopper viewed, put in the cart or bought."""


def ticks_of(instant: datetime) -> int:
    """Return the instant in sixteenths of a second since 1970, within what can be packed."""
    ticks = int(instant.timestamp() * TICKS_PER_SECOND)
    return min(max(ticks, 0), _MAX_SECONDS * TICKS_PER_SECOND)


def instant_of(ticks: int) -> datetime:
    """Return the instant that the ticks stand for."""
    return datetime.fromtimestamp(ticks / TICKS_PER_SECOND, UTC)


def event_hash(event_id: str) -> int:
    """Return the 32 bits that stand for an event id."""
    return crc32(event_id.encode())


def rounded_score(score: float) -> float:
    """Return the score, from 0 to 1, as exactly as it is kept."""
    return round(min(max(score, 0.0), 1.0) * _MAX_SCORE) / _MAX_SCORE


@dataclass(frozen=True)
class Shopper:
    """What is known of one shopper, and what is recommended."""

    user_id: str
    history: tuple[Act, ...] = ()
    cart: tuple[Mark, ...] = ()
    bought: tuple[Mark, ...] = ()
    picks: tuple[Pick, ...] = ()
    sequence: int = -1
    model: str | None = None
    expires_at: int = 0

    @property
    def last_ticks(self) -> int | None:
        """Return the time of the latest act or mark, if there is any."""
        latest = (stamps[-1].ticks for stamps in (self.history, self.cart, self.bought) if stamps)
        return max(latest, default=None)

    @property
    def in_cart(self) -> set[int]:
        """Return the products in the cart."""
        return {mark.product_id for mark in self.cart if not mark.ended}

    @property
    def owned(self) -> set[int]:
        """Return the products that were bought and not given back."""
        return {mark.product_id for mark in self.bought if not mark.ended}

    @property
    def seen(self) -> set[int]:
        """Return the products of the history."""
        return {act.product_id for act in self.history}

    def to_attributes(self) -> Attributes:
        """Return the item as DynamoDB keeps it; what is empty is left out."""
        packed = {
            "history": _pack_acts(self.history),
            "cart": _pack_marks(self.cart),
            "bought": _pack_marks(self.bought),
            "picks": self._pack_picks(),
            "sequence": pack_sequence(self.sequence),
        }
        attributes: Attributes = {name: {"B": value} for name, value in packed.items() if value}
        if self.model is not None:
            attributes["model"] = {"S": self.model}
        attributes[SHOPPERS_KEY] = {"S": self.user_id}
        attributes["expires_at"] = {"N": str(self.expires_at)}
        return attributes

    @classmethod
    def from_attributes(cls, item: Attributes) -> Self:
        """Read the item; an attribute that was not asked for counts as empty."""
        return cls(
            user_id=item[SHOPPERS_KEY]["S"],
            history=_unpack_acts(_binary(item, "history")),
            cart=_unpack_marks(_binary(item, "cart")),
            bought=_unpack_marks(_binary(item, "bought")),
            picks=tuple(read_picks(item)),
            sequence=int.from_bytes(_binary(item, "sequence"), "big") - 1,
            model=item["model"]["S"] if "model" in item else None,
            expires_at=int(item["expires_at"]["N"]) if "expires_at" in item else 0,
        )

    def _pack_picks(self) -> bytes:
        places = {act.product_id: place for place, act in enumerate(self.history)}
        return b"".join(
            [
                _PICK.pack(
                    product_id,
                    round(score * _MAX_SCORE),
                    _SOURCES.index(source) << 4 | reason,
                    _NO_ANCHOR if because_of is None else places[because_of],
                )
                for product_id, score, source, reason, because_of in self.picks
            ]
        )


def read_picks(item: Attributes) -> Iterator[Pick]:
    """Yield the item's picks, best first, and unpack no more than is taken."""
    history = _binary(item, "history")
    for product_id, score, code, place in _PICK.iter_unpack(_binary(item, "picks")):
        because_of = None
        if (place + 1) * _ACT.size <= len(history):
            because_of = _ACT.unpack_from(history, place * _ACT.size)[1]
        yield Pick(
            product_id, score / _MAX_SCORE, _SOURCES[code >> 4], _REASONS[code & 15], because_of
        )


def read_last_ticks(item: Attributes) -> int | None:
    """Return the time of the item's latest act or mark, as `Shopper.last_ticks` does."""
    columns = (("history", _ACT.size), ("cart", _MARK.size), ("bought", _MARK.size))
    packed = ((_binary(item, name), size) for name, size in columns)
    stamps = (_STAMP.unpack_from(stamps, len(stamps) - size) for stamps, size in packed if stamps)
    return max((seconds * TICKS_PER_SECOND + (code >> 4) for seconds, code in stamps), default=None)


def pack_sequence(sequence: int) -> bytes:
    """Return a sequence number as it is kept; -1, for none yet, is nothing."""
    value = sequence + 1
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def item_size(item: Attributes) -> int:
    """Return the item's size in bytes by DynamoDB's rules (a number counts at its most)."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    if "N" in value:
        return (len(value["N"]) + 1) // 2 + 2
    content = value.get("B", value.get("S", ""))
    return len(content.encode() if isinstance(content, str) else content)


def _binary(item: Attributes, name: str) -> bytes:
    return bytes(item[name]["B"]) if name in item else b""


# A list and no call for each entry: packing and unpacking are a good part of what a click costs.
def _pack_acts(acts: Iterable[Act]) -> bytes:
    return b"".join(
        [
            _ACT.pack(
                ticks // TICKS_PER_SECOND,
                product_id,
                ticks % TICKS_PER_SECOND << 4 | INTEREST_TYPES.index(type_),
                hashed,
            )
            for ticks, hashed, product_id, type_ in acts
        ]
    )


def _unpack_acts(packed: bytes) -> tuple[Act, ...]:
    return tuple(
        [
            Act(
                seconds * TICKS_PER_SECOND + (code >> 4),
                hashed,
                product_id,
                INTEREST_TYPES[code & 15],
            )
            for seconds, product_id, code, hashed in _ACT.iter_unpack(packed)
        ]
    )


def _pack_marks(marks: Iterable[Mark]) -> bytes:
    return b"".join(
        [
            _MARK.pack(ticks // TICKS_PER_SECOND, product_id, ticks % TICKS_PER_SECOND << 4 | ended)
            for ticks, ended, product_id in marks
        ]
    )


def _unpack_marks(packed: bytes) -> tuple[Mark, ...]:
    return tuple(
        [
            Mark(seconds * TICKS_PER_SECOND + (flags >> 4), bool(flags & 1), product_id)
            for seconds, product_id, flags in _MARK.iter_unpack(packed)
        ]
    )
