"""A model's file: one binary that is used as it lies in memory, without parsing a row.

magic, header length u32, crc32 of all that follows u32 | header, JSON | arrays, little-endian

product_ids  u32  sorted; a product's place here is its position everywhere else
offsets      u32  where each position's neighbours begin, and one more
neighbours   u32  positions, best first
weights      u16  65535 stands for the largest of the model
families     u32  products of one family differ in colour only
categories   u16  sub-category      }
masters      u16  master category   } each an index into its names in the header
genders      u16  gender            }
"""

import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, TypeVar
from zlib import crc32

from recommender.errors import ModelUnreadableError

T = TypeVar("T")

MAGIC: Final = b"FSMODEL1"
_PREFIX_BYTES: Final = len(MAGIC) + 8
_ALIGNMENT: Final = 8
_ITEM_BYTES: Final = {"I": 4, "H": 2}
_SECTIONS: Final = {
    "product_ids": "I",
    "offsets": "I",
    "neighbours": "I",
    "families": "I",
    "weights": "H",
    "categories": "H",
    "masters": "H",
    "genders": "H",
}
FULL_WEIGHT: Final = 65535


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
    """What goes into a model's file. `rows` holds neighbours by product, best first."""

    version: str
    built_at: str
    seen_through: str | None
    products: Sequence[ModelProduct]
    rows: Mapping[int, Sequence[tuple[int, float]]]
    newest: Sequence[int] = ()


@dataclass(frozen=True)
class Model:
    """A model in memory: views into its file's bytes."""

    version: str
    built_at: str
    seen_through: str | None
    newest: tuple[int, ...]
    category_names: tuple[str, ...]
    master_names: tuple[str, ...]
    gender_names: tuple[str, ...]
    product_ids: "memoryview[int]"
    offsets: "memoryview[int]"
    neighbours: "memoryview[int]"
    families: "memoryview[int]"
    weights: "memoryview[int]"
    categories: "memoryview[int]"
    masters: "memoryview[int]"
    genders: "memoryview[int]"

    def __len__(self) -> int:
        return len(self.product_ids)

    def position(self, product_id: int) -> int | None:
        """Return the product's position, or None if the model does not know it."""
        place = bisect_left(self.product_ids, product_id)
        if place < len(self.product_ids) and self.product_ids[place] == product_id:
            return place
        return None

    def row(self, position: int) -> Iterable[tuple[int, int]]:
        """Return the positions of a product's neighbours with their weights, best first."""
        begin, end = self.offsets[position], self.offsets[position + 1]
        return zip(
            self.neighbours[begin:end].tolist(), self.weights[begin:end].tolist(), strict=True
        )

    def neighbours_of(self, product_id: int) -> list[tuple[int, int]]:
        """Return what is looked at around the product, with weights, best first."""
        position = self.position(product_id)
        if position is None:
            return []
        return [(self.product_ids[place], weight) for place, weight in self.row(position)]

    def together_of(self, product_id: int) -> list[tuple[int, int]]:
        """Return what is bought together with the product, with weights, best first."""
        return self.neighbours_of(product_id)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the model that the file holds; raise ModelUnreadableError if it is not whole."""
        header, body = _read_header(content)

        def column(name: str) -> "memoryview[int]":
            begin, count = header["sections"][name]
            code = _SECTIONS[name]
            part = body[begin : begin + count * _ITEM_BYTES[code]]
            return part.cast("I") if code == "I" else part.cast("H")

        return cls(
            version=header["version"],
            built_at=header["built_at"],
            seen_through=header["seen_through"],
            newest=tuple(header["newest"]),
            category_names=tuple(header["category_names"]),
            master_names=tuple(header["master_names"]),
            gender_names=tuple(header["gender_names"]),
            product_ids=column("product_ids"),
            offsets=column("offsets"),
            neighbours=column("neighbours"),
            families=column("families"),
            weights=column("weights"),
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
    sections = _row_sections(products, content.rows)
    sections["families"] = _numbered("I", [product.family for product in products])[1]
    for name, section, values in (
        ("category_names", "categories", [product.category for product in products]),
        ("master_names", "masters", [product.master for product in products]),
        ("gender_names", "genders", [product.gender for product in products]),
    ):
        header[name], sections[section] = _numbered("H", values)
    return _assemble(header, sections)


def _row_sections(
    products: Sequence[ModelProduct], rows: Mapping[int, Sequence[tuple[int, float]]]
) -> dict[str, "array[int]"]:
    positions = {product.id: position for position, product in enumerate(products)}
    top = max((row[0][1] for row in rows.values() if row), default=1.0)
    offsets, neighbours, weights = array("I", [0]), array("I"), array("H")
    for product in products:
        row = [item for item in rows.get(product.id, ()) if item[0] in positions]
        neighbours.extend(positions[neighbour] for neighbour, _ in row)
        weights.extend(max(1, round(weight / top * FULL_WEIGHT)) for _, weight in row)
        offsets.append(len(neighbours))
    ids = array("I", positions)
    return {"product_ids": ids, "offsets": offsets, "neighbours": neighbours, "weights": weights}


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
