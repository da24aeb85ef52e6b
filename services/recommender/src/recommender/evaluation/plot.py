"""What an evaluation has found, as a picture."""

from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recommender.evaluation.metrics import LENGTH
from recommender.evaluation.report import path_of
from recommender.evaluation.service import OURS, Report

_PANELS: Final = {f"HR@{LENGTH}": "hit_rate", f"MRR@{LENGTH}": "reciprocal_rank"}
_COLOURS: Final = {"all": "#9bb4c8", "novel": "#1f5f8b"}
_LABELS: Final = {"all": "all clicks", "novel": "products new to the session"}
_BAR: Final = 0.38


def draw(report: Report, folder: Path) -> Path:
    """Draw both views of every method into the folder; return the file."""
    figure = Figure(figsize=(10, 1.8 + 0.6 * len(report.results)), layout="constrained")
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (title, figure_name) in zip(panels, _PANELS.items(), strict=True):
        _draw_panel(axes, report, title, figure_name)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    count = report.data["predictions"]
    figure.suptitle(f"{report.name} ({report.part}, {count:,} clicks to predict)")
    path = path_of(report, folder, "png")
    figure.savefig(path, dpi=120)
    return path


def _draw_panel(axes: Axes, report: Report, title: str, figure_name: str) -> None:
    places = range(len(report.results))
    for offset, (view, colour) in zip((-_BAR / 2, _BAR / 2), _COLOURS.items(), strict=True):
        shares = [
            100 * getattr(result.measurement.views[view], figure_name) for result in report.results
        ]
        at = [place + offset for place in places]
        bars = axes.barh(at, shares, _BAR, color=colour, label=_LABELS[view])
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=9)
    axes.set_title(f"{title}, %", fontsize=11)
    axes.set_yticks(list(places), [result.method for result in report.results])
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == OURS else "normal")
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    # Bars grow downwards in the order of the table; a shared axis is turned once.
    if not axes.yaxis_inverted():
        axes.invert_yaxis()
