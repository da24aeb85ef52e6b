"""Trends for people: tables in the terminal, and a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from recommender.trends.schemas import CountedWindow, Dimension, TrendingValue, Window

REPORTED: Final = (Dimension.ARTICLE_TYPE, Dimension.BASE_COLOUR)
_ROWS: Final = 12
_GAINED, _LOST = "#1b7f5c", "#b0b6bd"


def title_of(dimension: Dimension, window: Window, counted: CountedWindow) -> str:
    """Return what is counted, and until when."""
    name = dimension.replace("_", " ").capitalize()
    return f"{name}, {window} until {counted.counted_at:%Y-%m-%d %H:%M} UTC"


def table_of(title: str, counted: CountedWindow) -> Table:
    """Return the first values as a table."""
    table = Table(title=title, title_justify="left")
    table.add_column("value")
    for name in ("lift", "count", "before", "shoppers"):
        table.add_column(name, justify="right")
    for value in counted.values[:_ROWS]:
        counts = (f"{value.count:,.0f}", f"{value.previous_count:,.0f}", f"{value.shoppers:,}")
        table.add_row(str(value.value), f"{value.lift:.2f}", *counts)
    return table


def draw(panels: Mapping[str, CountedWindow], path: Path) -> None:
    """Draw each panel's first values as bars of their lift, and save the picture."""
    figure = Figure(figsize=(6.5 * len(panels), 5.5), layout="constrained")
    places = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, (title, counted) in zip(places, panels.items(), strict=True):
        _draw_panel(place, title, counted.values[:_ROWS][::-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _draw_panel(place: Axes, title: str, values: Sequence[TrendingValue]) -> None:
    """Draw one panel; what counts more than before, as a share of all, is in colour."""
    names = [str(value.value) for value in values]
    colours = [_GAINED if value.lift > 1 else _LOST for value in values]
    place.barh(names, [value.lift for value in values], color=colours)
    at_the_edge = place.get_yaxis_transform()
    for row, value in enumerate(values):
        counts = f"{value.previous_count:,.0f} → {value.count:,.0f}"
        place.text(1, row, counts, transform=at_the_edge, ha="right", va="center", fontsize=8)
    place.axvline(1, color="#444444", linewidth=1, linestyle="--")
    place.set_xlim(0, 1.4 * max((value.lift for value in values), default=1))
    place.set_title(title, loc="left", fontsize=11)
    place.set_xlabel("lift against the window before (1: the same share of all interest)")
    place.spines[["top", "right"]].set_visible(False)
