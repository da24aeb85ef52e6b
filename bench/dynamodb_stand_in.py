"""A DynamoDB that takes 5 ms: `python -m bench.dynamodb_stand_in PORT`.

It answers GetItem, BatchGetItem and Scan. The shoppers are in it twice: in our packed form, and
with typed attributes as one would store picks without thinking of their cost.
"""

import re
import sys
from base64 import b64encode
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import uvloop
from pydantic_core import to_json

from bench.stand_in import serve
from fashion_contracts.events import EventType
from fashion_contracts.picks import (
    HISTORY_LENGTH,
    PICKS_LENGTH,
    SHOPPERS_KEY,
    TICKS_PER_SECOND,
    Act,
    Mark,
    Pick,
    Reason,
    Shopper,
    Source,
    instant_of,
)

PACKED: Final = "shoppers"
TYPED: Final = "typed-shoppers"
SHOPPERS: Final = 20_000
PRODUCTS: Final = 44_000

_FIRST_SECOND: Final = 1_767_225_600
_TABLE: Final = re.compile(rb'"(%s|%s)"' % (TYPED.encode(), PACKED.encode()))
_USER_ID: Final = re.compile(rb'"S": ?"(anon-\d+)"')

Items = dict[bytes, bytes]


def shopper_id(number: int) -> str:
    """Return the id of one of the shoppers."""
    return f"anon-{number:06}"


class _DynamoDB:
    def __init__(self, tables: dict[bytes, Items]) -> None:
        self._tables = tables

    def content(self, head: bytes, body: bytes) -> bytes:
        """Return the answer's body."""
        table = _TABLE.search(body)
        if b"DynamoDB_20120810.Scan" in head:
            return b'{"Items":[],"Count":0,"ScannedCount":0}'
        if table is None:
            return b"{}"
        items = self._tables[table[1]]
        found = [items[user_id] for user_id in _USER_ID.findall(body) if user_id in items]
        if b"DynamoDB_20120810.BatchGetItem" in head:
            return b'{"Responses":{%s:[%s]},"UnprocessedKeys":{}}' % (table[0], b",".join(found))
        return b'{"Item":%s}' % found[0] if found else b"{}"


def _shoppers() -> Iterator[Shopper]:
    random = Random(1)  # noqa: S311 - the same shoppers in each run
    for number in range(SHOPPERS):
        yield _shopper(shopper_id(number), random)


def _shopper(user_id: str, random: Random) -> Shopper:
    """Return one who looked at 20 products, put three into the cart and bought two."""
    products = random.sample(range(1, PRODUCTS), HISTORY_LENGTH + PICKS_LENGTH)
    seen, picked = products[:HISTORY_LENGTH], products[HISTORY_LENGTH:]
    ticks = [(_FIRST_SECOND + number) * TICKS_PER_SECOND for number in range(HISTORY_LENGTH)]
    return Shopper(
        user_id,
        history=tuple(
            Act(at, random.getrandbits(32), product, EventType.PRODUCT_VIEW)
            for at, product in zip(ticks, seen, strict=True)
        ),
        cart=tuple(Mark(ticks[place], False, seen[place]) for place in (11, 15, 19)),
        bought=tuple(Mark(ticks[place], False, seen[place]) for place in (3, 7)),
        picks=tuple(
            Pick(product, (PICKS_LENGTH - rank) / PICKS_LENGTH, *_because(rank, seen))
            for rank, product in enumerate(picked)
        ),
        sequence=10**55,
        expires_at=_FIRST_SECOND,
    )


def _because(rank: int, seen: list[int]) -> tuple[Source, Reason, int | None]:
    if rank >= PICKS_LENGTH - 4:
        return Source.TRENDING, Reason.TRENDING, None
    return Source.SESSION, Reason.VIEWED, seen[-1 - rank % 10]


def _packed(shopper: Shopper) -> dict[str, Any]:
    """Return what a reader is given of the item: all but the fence and the expiry."""
    return {
        name: {"B": b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in shopper.to_attributes().items()
        if name not in ("sequence", "expires_at")
    }


def _typed(shopper: Shopper) -> dict[str, Any]:
    return {
        SHOPPERS_KEY: {"S": shopper.user_id},
        "generated_at": {"S": instant_of(shopper.last_ticks or 0).isoformat()},
        "items": {"L": [{"M": _typed_pick(pick)} for pick in shopper.picks]},
    }


def _typed_pick(pick: Pick) -> dict[str, Any]:
    return {
        "product_id": {"N": str(pick.product_id)},
        "score": {"N": str(round(pick.score, 4))},
        "reason": {"S": pick.reason.code},
        "source": {"S": pick.source},
        "because_of": {"NULL": True} if pick.because_of is None else {"N": str(pick.because_of)},
    }


def tables() -> dict[bytes, Items]:
    """Return both tables, with every item as it goes over the wire."""
    made: dict[bytes, Items] = {PACKED.encode(): {}, TYPED.encode(): {}}
    for shopper in _shoppers():
        user_id = shopper.user_id.encode()
        made[PACKED.encode()][user_id] = to_json(_packed(shopper))
        made[TYPED.encode()][user_id] = to_json(_typed(shopper))
    return made


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), _DynamoDB(tables()).content))
