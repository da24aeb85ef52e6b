"""Draws a product that has no photograph: the shape of its article type in its own colour.

The shapes are paths in shapes.toml, the colours are in colours.toml.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

_FOLDER = Path(__file__).parent
# XML has no way to write these, not even escaped.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNKNOWN: Final = "#a49c91"
_ANY_SHAPE: Final = "hanger"
_BLACK, _WHITE, _PAPER, _STONE = "#000000", "#ffffff", "#f6f3ee", "#bcb5aa"
_DARK, _LIGHT = 0.2, 0.82  # of a tone's brightness: below and above, its details need contrast

_TEMPLATE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-labelledby="title">\
<title id="title">{title}</title>\
<defs>{fabric}\
<radialGradient id="room" cx=".5" cy=".42" r=".75"><stop offset="0" stop-color="{near}"/>\
<stop offset="1" stop-color="{far}"/></radialGradient>\
<filter id="shadow" x="-20%" y="-20%" width="140%" height="150%">\
<feDropShadow dx="0" dy="7" stdDeviation="8" flood-color="#1c140c" flood-opacity=".24"/></filter>\
</defs>\
<rect width="400" height="400" fill="url(#room)"/>\
<g filter="url(#shadow)" stroke-linecap="round" stroke-linejoin="round">{layers}</g></svg>
"""


@dataclass(frozen=True)
class Layer:
    """One path of a shape: filled, or with a width a line."""

    paint: str
    path: str
    width: float = 0


@dataclass(frozen=True)
class Colour:
    """A colour as its shades from light to dark, or as its stripes."""

    shades: tuple[str, ...]
    kind: str

    @property
    def tone(self) -> str:
        """Return the one shade that speaks for all of them."""
        return self.shades[0]


@cache
def shapes() -> dict[str, tuple[Layer, ...]]:
    """Return the layers of every shape."""
    tables = _read("shapes.toml")["shapes"]
    return {
        name: tuple(Layer(*layer) for layer in table["layers"]) for name, table in tables.items()
    }


@cache
def shape_names() -> dict[str, str]:
    """Return the name of each article type's shape."""
    tables = _read("shapes.toml")["shapes"]
    return {article: name for name, table in tables.items() for article in table["article_types"]}


@cache
def colours() -> dict[str, Colour]:
    """Return what each colour looks like."""
    kinds = _read("colours.toml")
    return {
        name: Colour((shades,) if isinstance(shades, str) else tuple(shades), kind)
        for kind, named in kinds.items()
        for name, shades in named.items()
    }


def draw(title: str, *, article_type: str | None, base_colour: str | None) -> str:
    """Return an SVG image; the title, like everything that people write, is only text in it."""
    colour = colours().get(base_colour or "", Colour((_UNKNOWN,), "plain"))
    shape = shape_names().get(article_type or "", _ANY_SHAPE)
    paints = _paints(colour.tone)
    is_light = _brightness(colour.tone) > _LIGHT
    room = _mix(colour.tone, _STONE, 0.5) if is_light else _mix(colour.tone, _PAPER, 0.82)
    return _TEMPLATE.format(
        title=escape(_NOT_XML.sub("", title)),
        fabric=_fabric(colour),
        near=_mix(room, _WHITE, 0.35),
        far=room,
        layers="".join(_drawn(layer, paints) for layer in shapes()[shape]),
    )


def _read(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _drawn(layer: Layer, paints: dict[str, str]) -> str:
    colour, opacity, *dashes = paints[layer.paint].split()
    how = f'fill="{colour}"'
    if layer.width:
        how = f'fill="none" stroke="{colour}" stroke-width="{layer.width}"'
    if opacity != "1":
        how += f' opacity="{opacity}"'
    if dashes:
        how += f' stroke-dasharray="{dashes[0]}"'
    return f'<path d="{layer.path}" {how}/>'


def _paints(tone: str) -> dict[str, str]:
    """Return colour, opacity and dashes of each paint that shapes name."""
    is_dark = _brightness(tone) < _DARK
    is_light = _brightness(tone) > _LIGHT
    line = _WHITE if is_dark else _BLACK
    return {
        "body": "url(#fabric) 1",
        "deep": f"{_mix(tone, _BLACK, 0.2 if is_light else 0.36)} 1",
        "pale": f"{_mix(tone, _WHITE, 0.16 if is_dark else 0.32)} 1",
        "trim": f"{_mix(_STONE, _WHITE, 0.4) if is_light else '#f3eee6'} 1",
        "dark": f"{'#57534f' if is_dark else '#35312e'} 1",
        "metal": "#c8ccd1 1",
        "gold": "#cda85a 1",
        "glass": f"{_WHITE} .42",
        "shade": f"{_BLACK} {'.24' if is_dark else '.1'}",
        "gloss": f"{_WHITE} {'.1' if is_dark else '.2'}",
        "seam": f"{line} .26",
        "stitch": f"{line} .34 5,5",
    }


def _fabric(colour: Colour) -> str:
    shades: Sequence[str] = colour.shades
    if colour.kind == "striped":
        where = 'x1="0" y1="0" x2="84" y2="84" spreadMethod="repeat"'
        stops = "".join(_stripes(shades))
    elif colour.kind == "metal":
        where = 'x1="60" y1="60" x2="340" y2="340"'
        stops = _stops(shades)
    else:
        where = 'x1="0" y1="40" x2="0" y2="360"'
        (tone,) = shades
        stops = _stops([_mix(tone, _WHITE, 0.1), tone, _mix(tone, _BLACK, 0.13)])
    units = 'gradientUnits="userSpaceOnUse"'
    return f'<linearGradient id="fabric" {units} {where}>{stops}</linearGradient>'


def _stops(shades: Sequence[str]) -> str:
    return "".join(
        f'<stop offset="{at / (len(shades) - 1):.2f}" stop-color="{shade}"/>'
        for at, shade in enumerate(shades)
    )


def _stripes(shades: Sequence[str]) -> Iterator[str]:
    edges = pairwise(at / len(shades) for at in range(len(shades) + 1))
    for shade, (start, end) in zip(shades, edges, strict=True):
        yield f'<stop offset="{start:.3f}" stop-color="{shade}"/>'
        yield f'<stop offset="{end:.3f}" stop-color="{shade}"/>'


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _mix(colour: str, other: str, share: float) -> str:
    """Return the colour with a share of another in it."""
    mixed = (
        round(ours + (theirs - ours) * share)
        for ours, theirs in zip(_channels(colour), _channels(other), strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _brightness(colour: str) -> float:
    red, green, blue = _channels(colour)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
