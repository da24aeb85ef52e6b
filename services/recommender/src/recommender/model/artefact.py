"""A model's file: one binary that is used as it lies in memory, without parsing a row.

magic, header length u32, crc32 of all that follows u32 | header, JSON | arrays, little-endian

product_ids  u32  sorted; a product's place here is its position everywhere else
offsets      u32  where each position's neighbours begin, and one more
neighbours   u32  products looked at around it, best first
weights      u16  65535 stands for the header's `top_weight`
together_... as offsets, neighbours and weights: products bought together with it
families     u32  hash of the family; products of one family differ in colour only
categories   u16  sub-category      }
masters      u16  master category   } each an index into its names in the header
genders      u16  gender            }
"""

import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Self, TypeVar
from zlib import crc32

from recommender.errors import ModelUnreadableError

T = TypeVar("T")

MAGIC: Final = b"FSMODEL2"
_PREFIX_BYTES: Final = len(MAGIC) + 8
_ALIGNMENT: Final = 8
_ITEM_BYTES: Final = {"I": 4, "H": 2}
_SECTIONS: Final = {
    "product_ids": "I",
    "offsets": "I",
    "neighbours": "I",
    "together_offsets": "I",
    "together_neighbours": "I",
    "families": "I",
    "weights": "H",
    "together_weights": "H",
    "categories": "H",
    "masters": "H",
    "genders": "H",
}
FULL_WEIGHT: Final = 65535
_TOGETHER: Final = "together_"

Row = tuple[list[int], list[int]]
"""Neighbours, best first, and their weights."""
_NOTHING: Final[Row] = ([], [])

Rows = Mapping[int, Sequence[tuple[int, float]]]
"""Neighbours with their weights by product, best first."""


@dataclass(frozen=True)
class ModelProduct:
    """What a model knows of one product besides its neighbours."""

    id: int
    family: str
    category: str
    master: str
    gender: str


@dataclass(frozen=True)
class ModelContent:
    """What goes into a model's file. Rows hold neighbours by product, best first."""

    version: str
    built_at: str
    seen_through: str | None
    products: Sequence[ModelProduct]
    rows: Rows
    together: Rows = field(default_factory=dict)
    newest: Sequence[int] = ()


class Facts(NamedTuple):
    """What a model knows of a product itself."""

    family: int
    category: str
    master: str
    gender: str


@dataclass(frozen=True)
class Table:
    """The neighbours of every position, one row after the other."""

    offsets: "memoryview[int]"
    neighbours: "memoryview[int]"
    weights: "memoryview[int]"

    def row(self, position: int) -> Row:
        """Return the neighbours of a position and their weights, best first."""
        begin, end = self.offsets[position], self.offsets[position + 1]
        return self.neighbours[begin:end].tolist(), self.weights[begin:end].tolist()


@dataclass(frozen=True)
class Model:
    """A model in memory: views into its file's bytes."""

    version: str
    built_at: str
    seen_through: str | None
    weight_unit: float
    """What a weight of 1 stands for; so the weights of two models compare."""
    newest: tuple[int, ...]
    category_names: tuple[str, ...]
    master_names: tuple[str, ...]
    gender_names: tuple[str, ...]
    product_ids: "memoryview[int]"
    around: Table
    together: Table
    families: "memoryview[int]"
    categories: "memoryview[int]"
    masters: "memoryview[int]"
    genders: "memoryview[int]"
    _facts: dict[int, Facts] = field(default_factory=dict, repr=False, compare=False)
    """What was asked for already: every ranking asks for much the same products."""

    def __len__(self) -> int:
        return len(self.product_ids)

    def position(self, product_id: int) -> int | None:
        """Return the product's position, or None if the model does not know it."""
        place = bisect_left(self.product_ids, product_id)
        if place < len(self.product_ids) and self.product_ids[place] == product_id:
            return place
        return None

    def neighbours_of(self, product_id: int) -> Row:
        """Return what is looked at around the product and the weights, best first."""
        position = self.position(product_id)
        return _NOTHING if position is None else self.around.row(position)

    def together_of(self, product_id: int) -> Row:
        """Return what is bought together with the product and the weights, best first."""
        position = self.position(product_id)
        return _NOTHING if position is None else self.together.row(position)

    def facts_of(self, product_id: int) -> Facts | None:
        """Return what the model knows of the product itself."""
        facts = self._facts.get(product_id)
        if facts is None and (place := self.position(product_id)) is not None:
            facts = self._facts[product_id] = Facts(
                self.families[place],
                self.category_names[self.categories[place]],
                self.master_names[self.masters[place]],
                self.gender_names[self.genders[place]],
            )
        return facts

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the model that the file holds; raise ModelUnreadableError if it is not whole."""
        header, body = _read_header(content)

        def column(name: str) -> "memoryview[int]":
            begin, count = header["sections"][name]
            code = _SECTIONS[name]
            part = body[begin : begin + count * _ITEM_BYTES[code]]
            return part.cast("I") if code == "I" else part.cast("H")

        def table(prefix: str) -> Table:
            return Table(*(column(prefix + name) for name in ("offsets", "neighbours", "weights")))

        return cls(
            version=header["version"],
            built_at=header["built_at"],
            seen_through=header["seen_through"],
            weight_unit=header["top_weight"] / FULL_WEIGHT,
            newest=tuple(header["newest"]),
            category_names=tuple(header["category_names"]),
            master_names=tuple(header["master_names"]),
            gender_names=tuple(header["gender_names"]),
            product_ids=column("product_ids"),
            around=table(""),
            together=table(_TOGETHER),
            families=column("families"),
            categories=column("categories"),
            masters=column("masters"),
            genders=column("genders"),
        )


def to_bytes(content: ModelContent) -> bytes:
    """Return the model's file."""
    products = sorted(content.products, key=lambda product: product.id)
    header: dict[str, Any] = {
        "version": content.version,
        "built_at": content.built_at,
        "seen_through": content.seen_through,
        "newest": list(content.newest),
    }
    tables = (content.rows, content.together)
    top = max((row[0][1] for rows in tables for row in rows.values() if row), default=1.0)
    header["top_weight"] = top
    ids = array("I", [product.id for product in products])
    sections = {"product_ids": ids, "families": array("I", map(_family_hash, products))}
    for prefix, rows in zip(("", _TOGETHER), tables, strict=True):
        sections |= _table_sections(prefix, ids, rows, top)
    for name, section, values in (
        ("category_names", "categories", [product.category for product in products]),
        ("master_names", "masters", [product.master for product in products]),
        ("gender_names", "genders", [product.gender for product in products]),
    ):
        header[name], sections[section] = _numbered("H", values)
    return _assemble(header, sections)


def _family_hash(product: ModelProduct) -> int:
    return crc32(product.family.encode())


def _table_sections(
    prefix: str, ids: "array[int]", rows: Rows, top: float
) -> dict[str, "array[int]"]:
    known = set(ids)
    offsets, neighbours, weights = array("I", [0]), array("I"), array("H")
    for product_id in ids:
        row = [item for item in rows.get(product_id, ()) if item[0] in known]
        neighbours.extend(neighbour for neighbour, _ in row)
        weights.extend(max(1, round(weight / top * FULL_WEIGHT)) for _, weight in row)
        offsets.append(len(neighbours))
    names = (prefix + name for name in ("offsets", "neighbours", "weights"))
    return dict(zip(names, (offsets, neighbours, weights), strict=True))


def _numbered(code: Literal["I", "H"], values: Sequence[T]) -> tuple[list[T], "array[int]"]:
    """Return the distinct values, and for each value its place among them."""
    names = list(dict.fromkeys(values))
    numbers = {name: number for number, name in enumerate(names)}
    return names, array(code, [numbers[value] for value in values])


def _assemble(header: dict[str, Any], sections: dict[str, "array[int]"]) -> bytes:
    _needs_little_endian()
    body = bytearray()
    header["sections"] = {}
    for name in _SECTIONS:
        body += b"\0" * (-len(body) % _ALIGNMENT)
        header["sections"][name] = (len(body), len(sections[name]))
        body += sections[name].tobytes()
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-(len(head) + _PREFIX_BYTES) % _ALIGNMENT)
    rest = head + bytes(body)
    return b"".join(
        (MAGIC, len(head).to_bytes(4, "little"), crc32(rest).to_bytes(4, "little"), rest)
    )


def _read_header(content: bytes) -> tuple[dict[str, Any], memoryview]:
    _needs_little_endian()
    if content[: len(MAGIC)] != MAGIC:
        raise ModelUnreadableError("The file is not a model of this layout.")
    length = int.from_bytes(content[8:12], "little")
    view = memoryview(content)[_PREFIX_BYTES:]
    if crc32(view) != int.from_bytes(content[12:16], "little"):
        raise ModelUnreadableError("The model's file is damaged: its checksum does not fit.")
    header: dict[str, Any] = json.loads(bytes(view[:length]))
    return header, view[length:]


def _needs_little_endian() -> None:
    if sys.byteorder != "little":
        raise ModelUnreadableError(
            "Models are little-endian and used in place; this machine is not."
        )
