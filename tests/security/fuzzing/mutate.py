"""Broken inputs: good ones with a few changes, of their bytes or of their meaning."""

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

ODD_BYTES: Final = (
    b"",
    b"\x00",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r",
    b",",
    b'"',
    b'""',
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"{",
    b"}",
    b"[" * 150,
    b"null",
    b"NaN",
    b"1e999",
    b"-0",
    b"9" * 400,
    b"9" * 5_000,
    "\u202e\u0661\u0130\u00df".encode(),
)
ODD_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    "",
    " ",
    "\x00",
    "\ud800",
    "\u0661\u0662",
    "a" * 64,
    "a" * 300,
    "product_view",
    "search",
    2**32 - 1,
    1_000,
    "0.00",
    "9999999999.99",
    False,
    "anon-",
    "anon-12345678",
    "01JV5M8Z3Q-a-users-id",
    "purchase",
    "identify",
    "erase",
    "interaction/2",
    "no",
    0,
    -1,
    1.5,
    1e308,
    -1e-308,
    2**31,
    2**32,
    2**63,
    10**400,
    "9" * 5_000,
    "99999999999999999999",
    "NaN",
    "1e999",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59.999Z",
    "2106-02-07T06:28:16Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999-14:00",
    "2026-02-30T00:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01T12:00:00",
    "-0001-01-01T00:00:00Z",
    "{}",
    "[]",
    '{"data": [[[]]]}',
    "e30",
    [],
    {},
    [[]],
    {"id": None},
    [{}] * 3,
)

# Mostly one: an input with many faults is refused for the first.
_CHANGES: Final = (1, 1, 1, 1, 2, 3, 4)


def mutated_bytes(random: Random, seed: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return the seed with a few changes of its bytes."""
    data = bytearray(seed)
    for _ in range(random.choice(_CHANGES)):
        at, until = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
        match random.randrange(6):
            case 0 if data and at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 1:
                del data[at : min(until, at + 64)]
            case 2:
                data[at:at] = data[at:until][:256]
            case 3 if others:
                other = random.choice(others)
                cut = random.randint(0, len(other))
                data[at:] = other[cut : cut + 4_096]
            case 4:
                del data[at:]
            case _:
                data[at:at] = random.choice(ODD_BYTES)
    return bytes(data)


def mutated_json(random: Random, seed: Any) -> bytes:
    """Return the seed as JSON with a few of its values, names or places changed."""
    changed = copy.deepcopy(seed)
    for _ in range(random.choice(_CHANGES)):
        holders = list(_holders(changed))
        if not holders:
            break
        _change(random, random.choice(holders))
    text = json.dumps(changed, ensure_ascii=random.random() < 0.5, allow_nan=True)
    return text.encode("utf-8", "surrogatepass")


def _change(random: Random, holder: Any) -> None:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = random.choice(keys)
    match random.randrange(10):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice((*keys, "type", "e", "name", "eventType", "x"))] = holder.pop(key)
        case 2 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 3:
            holder[key] = holder[random.choice(keys)] if random.random() < 0.5 else [holder[key]]
        case _:
            holder[key] = copy.deepcopy(random.choice(ODD_VALUES))


def _holders(value: Any) -> Any:
    if isinstance(value, dict | list):
        if value:
            yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


Mutation = Callable[[Random], bytes]


def of_json(seeds: Sequence[Any]) -> Mutation:
    """Return a maker of broken inputs from good JSON: mostly of its meaning, also of its bytes."""
    texts = [json.dumps(seed).encode() for seed in seeds]

    def make(random: Random) -> bytes:
        if random.random() < 0.7:
            return mutated_json(random, random.choice(seeds))
        return mutated_bytes(random, random.choice(texts), texts)

    return make
