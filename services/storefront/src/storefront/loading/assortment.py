"""What the generated catalogue is made of, read from assortment.toml beside this file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("assortment.toml")


@dataclass(frozen=True, eq=False)
class ArticleType:
    """One article type: its place, its share, and what its products usually are."""

    name: str
    master_category: str
    sub_category: str
    weight: float
    pattern: str
    """A product's name, e.g. `{brand} {gender} {colour} {cut} Shirt`."""
    brands: str
    """The group its brands come from."""
    looks: tuple[str, ...]
    genders: Mapping[str, float]
    colours: Mapping[str, float]
    seasons: Mapping[str, float]
    """Season and year together, as they belong together: `Summer 2012`."""
    usages: Mapping[str, float]
    keywords: tuple[str, ...]
    """How other shops' product names call it; only the price calibration reads them."""
    cuts: tuple[str, ...] = ("",)

    @property
    def most_colours(self) -> int:
        """Return how many colours a family may have: one, if the name does not tell colours."""
        return len(self.colours) if "{colour}" in self.pattern else 1


@dataclass(frozen=True)
class Assortment:
    """The article types, and what their products share."""

    article_types: tuple[ArticleType, ...]
    brands: Mapping[str, tuple[str, ...]]
    lines: tuple[str, ...]
    family_sizes: Mapping[int, float]


@cache
def read_assortment() -> Assortment:
    """Return the shop's assortment."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Assortment(
        article_types=tuple(
            ArticleType(**{key: _frozen(value) for key, value in table.items()})
            for table in tables["article_types"]
        ),
        brands={group: tuple(names) for group, names in tables["brands"].items()},
        lines=tuple(tables["lines"]),
        family_sizes={int(size): weight for size, weight in tables["family_sizes"].items()},
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
