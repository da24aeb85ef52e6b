"""An experiment's effects as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from recommender.experiments.intervals import CONFIDENCE
from recommender.experiments.report import title_of
from recommender.experiments.schemas import AbEffects, Effects, Estimate

_BETTER: Final = "#1b7f5c"
_WORSE: Final = "#b3402f"
_UNSURE: Final = "#7d848c"
_LINE: Final = "#444444"


def draw(effects: Effects, path: Path) -> None:
    """Draw each effect with its interval beside the line that says: no effect."""
    rows: Sequence[tuple[str, Estimate | None]]
    if isinstance(effects, AbEffects):
        rows = [(effect.outcome.value, effect.relative) for effect in effects.effects]
        nothing, label = 0.0, "treatment against control, relative"
    else:
        rows = [("clicks", effects.treatment_share), ("shoppers", effects.treatment_preferred)]
        nothing, label = 0.5, "treatment's share"
    figure = Figure(figsize=(7, 1.2 + 0.7 * len(rows)), layout="constrained")
    place = figure.subplots()
    place.axvline(nothing, color=_LINE, linewidth=1, linestyle="--")
    for row, (_, estimate) in enumerate(rows):
        _draw_estimate(place, row, estimate, nothing)
    place.set_yticks(range(len(rows)), [name for name, _ in rows])
    place.set_ylim(len(rows) - 0.4, -0.7)
    place.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    place.set_xlabel(f"{label}, with its {CONFIDENCE:.0%} interval")
    place.set_title(title_of(effects), loc="left", fontsize=11)
    place.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _draw_estimate(place: Axes, row: int, estimate: Estimate | None, nothing: float) -> None:
    if estimate is None:
        place.text(nothing, row, "  too little to judge by", va="center", color=_UNSURE)
        return
    colour = _BETTER if estimate.value > nothing else _WORSE
    if estimate.holds(nothing):
        colour = _UNSURE
    reach = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
    place.errorbar(estimate.value, row, xerr=reach, fmt="o", color=colour, capsize=4)
    text = f"{estimate.value:.1%}" if nothing else f"{estimate.value:+.1%}"
    place.annotate(text, (estimate.value, row), (0, 8), textcoords="offset points", ha="center")
