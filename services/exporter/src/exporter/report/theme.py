"""The charts' colours and letters.

Blue against orange is told apart by every kind of colour vision, and lightness tells them apart in
print. A chart is drawn in the light colours; on a dark screen the page's style repaints each of
them, so that one drawing serves both.
"""

from typing import Any, Final

GROUND: Final = "#ffffff"
DARK_GROUND: Final = "#12181e"
INK: Final = "#1b2530"
QUIET: Final = "#56626e"
RULE: Final = "#d5dbe1"
MAIN: Final = "#1f5f8b"
SOFT: Final = "#6c99b9"
DOWN: Final = "#a8480b"
MUTED: Final = "#87929c"

STEPS: Final = ("#e4eef5", "#bdd5e5", "#8bb4d0", "#34719c", "#1c557f")
"""From little to much; the text on the last two is white."""
ON_STEP: Final = "#fefefe"

DARK: Final = {
    INK: "#e6e9ec",
    QUIET: "#a3adb7",
    RULE: "#3a444e",
    MAIN: "#7db8e0",
    SOFT: "#44759c",
    DOWN: "#f0a060",
    MUTED: "#74808b",
    STEPS[0]: "#1d2a35",
    STEPS[1]: "#234056",
    STEPS[2]: "#2b597a",
    STEPS[3]: "#68a6d0",
    STEPS[4]: "#a9d2ee",
    ON_STEP: "#10161c",
}
"""What each of them is on a dark screen."""

FONT: Final = "Helvetica, Arial, sans-serif"
TEXT_SIZE: Final = 13

CONFIG: Final[dict[str, Any]] = {
    # The page says in words what a chart shows; the marks alone say nothing when read aloud.
    "aria": False,
    "background": None,
    "font": FONT,
    "padding": 0,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": RULE,
        "labelColor": QUIET,
        "labelFontSize": 12,
        "labelPadding": 6,
    },
}
