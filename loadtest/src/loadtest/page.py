"""The report of a load test as one page: verdict, promises, and how long people waited."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import altair as alt
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtest.slo import Judged

_TEMPLATES: Final = Path(__file__).parent / "templates"
_WIDTH: Final = 640
_INK: Final = "#56626e"
_COLOURS: Final = {"p50": "#1f5f8b", "p95": "#6c99b9", "p99": "#a8480b"}
"""Readable on light and on dark ground alike."""
_CONFIG: Final[dict[str, Any]] = {
    # The page says in words what a chart shows; the marks alone say nothing when read aloud.
    "aria": False,
    "background": None,
    "view": {"stroke": None},
    "axis": {"gridColor": "#87929c55", "domain": False, "labelColor": _INK, "titleColor": _INK},
    "legend": {"labelColor": _INK},
}
_TO_PRECISION: Final = 3

_SECOND: Final = alt.X("second:Q", title="second of the run")

_LOG: Final[dict[str, Any]] = {"title": "ms", "scale": alt.Scale(type="log")}

Drawn = alt.Chart | alt.LayerChart | alt.FacetChart


@dataclass(frozen=True)
class Promise:
    """One thing that was compared after the load, in words and in figures."""

    what: str
    left: str
    right: str
    holds: bool


@dataclass(frozen=True)
class LoadReport:
    """All that a load test found out."""

    title: str
    figures: Mapping[str, Any]
    judged: Sequence[Judged]
    promises: Sequence[Promise]
    """Empty where the shop's books cannot be looked into."""

    @property
    def is_kept(self) -> bool:
        """Say whether every objective and every promise was kept."""
        return all(each.is_kept for each in self.judged) and all(p.holds for p in self.promises)

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "title": self.title,
            "kept": self.is_kept,
            "objectives": [
                {
                    "what": each.objective.what,
                    "measured": each.measured,
                    "at_most": each.objective.at_most,
                    "kept": each.is_kept,
                }
                for each in self.judged
            ],
            "promises": [vars(promise) for promise in self.promises],
            **self.figures,
        }


def page_of(report: LoadReport) -> str:
    """Return one self-contained HTML page."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["figure"] = _figure
    differences = report.figures["uplift"].get("differences")
    return environment.get_template("report.html").render(
        report=report,
        over_time=_drawn(_over_time(report.figures["timeline"])),
        requests=_drawn(_requests_over_time(report.figures["timeline"])),
        by_endpoint=_drawn(_by_endpoint(report.figures["endpoints"])),
        differences=differences and _drawn(_differences(differences)),
    )


def _over_time(timeline: Sequence[Mapping[str, float]]) -> Drawn:
    rows = [
        {"second": point["second"], "of": name, "ms": max(point[f"{name}_ms"], 0.1)}
        for point in timeline
        for name in _COLOURS
    ]
    lines: alt.Chart = _chart(rows, 220).mark_line(strokeWidth=2)
    lines = lines.encode(x=_SECOND, y=alt.Y("ms:Q", **_LOG), color=_colour())
    return lines


def _requests_over_time(timeline: Sequence[Mapping[str, float]]) -> Drawn:
    rows = [{"second": point["second"], "requests": point["count"]} for point in timeline]
    bars: alt.Chart = _chart(rows, 120).mark_bar(color=_COLOURS["p50"])
    bars = bars.encode(x=_SECOND, y=alt.Y("requests:Q", title="requests"))
    return bars


def _by_endpoint(endpoints: Mapping[str, Mapping[str, float]]) -> Drawn:
    rows = [
        {"endpoint": name, "of": of, "ms": max(times[f"{of}_ms"], 0.1)}
        for name, times in endpoints.items()
        for of in _COLOURS
    ]
    names = alt.Y("endpoint:N", title=None, sort=None, axis=alt.Axis(labelLimit=260))
    base: alt.Chart = _chart(rows, alt.Step(24)).encode(y=names, x=alt.X("ms:Q", **_LOG))
    span: alt.Chart = base.mark_line(color=_INK, strokeWidth=1).encode(detail="endpoint:N")
    points: alt.Chart = base.mark_point(filled=True, size=70, opacity=1).encode(color=_colour())
    return alt.layer(span, points)


def _differences(differences: Mapping[str, Mapping[str, float]]) -> Drawn:
    """Draw what recommendations change, with its bounds, beside no change."""
    rows = [
        {"what": what, **{name: 100 * of[name] for name in ("difference", "low", "high")}}
        for what, of in differences.items()
    ]
    names = alt.Y("what:N", title=None, sort=None)
    base: alt.Chart = _chart(rows, alt.Step(28)).encode(y=names)
    bounds = alt.X("low:Q", title="points of visits more, with 95 % confidence")
    span: alt.Chart = base.mark_rule(color=_INK, strokeWidth=2).encode(x=bounds, x2="high:Q")
    points: alt.Chart = base.mark_point(filled=True, size=90, opacity=1, color=_COLOURS["p50"])
    none: alt.Chart = _chart([{"zero": 0}], alt.Step(28)).mark_rule(color=_COLOURS["p99"])
    return alt.layer(none.encode(x="zero:Q"), span, points.encode(x="difference:Q"))


def _chart(rows: Sequence[Mapping[str, Any]], height: float | alt.Step) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)), width=_WIDTH, height=height)


def _colour() -> alt.Color:
    scale = alt.Scale(domain=[*_COLOURS], range=[*_COLOURS.values()])
    return alt.Color("of:N", title=None, scale=scale, legend=alt.Legend(orient="top"))


def _drawn(chart: Drawn) -> Markup:
    """Return the chart as SVG that is as wide as its place."""
    drawn: dict[str, Any] = {**chart.to_dict(), "config": _CONFIG}
    svg = vl_convert.vegalite_to_svg(drawn)
    return Markup(svg)  # noqa: S704 - drawn from our own figures; text in it is escaped by Vega


def _figure(value: Any) -> str:
    """Return a figure as people read it: thousands apart, no digits that mean nothing."""
    if value is None:
        return "not measured"
    if isinstance(value, float):
        if value and abs(value) < 1:
            return f"{value:.{_TO_PRECISION - 1 - math.floor(math.log10(abs(value)))}f}"
        return f"{value:,.1f}".removesuffix(".0")
    return f"{value:,}" if isinstance(value, int) else str(value)
