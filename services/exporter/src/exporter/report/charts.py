"""The charts: Vega-Lite by Altair, drawn without a browser.

Each is drawn twice, for a telephone and for a wider screen or paper: a chart that is only made
smaller has letters that nobody reads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import altair as alt
import vl_convert

from exporter.report import texts
from exporter.report.schemas import CohortMonth, Trend
from exporter.report.theme import (
    CONFIG,
    DOWN,
    GROUND,
    INK,
    MAIN,
    MUTED,
    ON_STEP,
    QUIET,
    RULE,
    SOFT,
    STEPS,
    TEXT_SIZE,
)

NARROW: Final = 350
WIDE: Final = 680

_PNG: Final = {"background": GROUND, "padding": 16}
_PNG_SCALE: Final = 2.0
_LONGEST_LIFT: Final = 8.0
_STEP_ENDS: Final = (0.05, 0.1, 0.2, 0.4)
_MONTHS_SHOWN: Final = {NARROW: 6, WIDE: 12}

Drawn = alt.LayerChart | alt.FacetChart
Draw = Callable[[int], Drawn]
Values = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Bar:
    """One bar: what it is, how long, and what is written at its end."""

    label: str
    value: float
    text: str


def svg(chart: Drawn) -> str:
    """Return the chart as SVG; the page tells in words what it shows."""
    drawn = vl_convert.vegalite_to_svg(_described(chart))
    return drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def png(chart: Drawn) -> bytes:
    """Return the chart as a picture on white, sharp enough for a slide."""
    described = _described(chart)
    described["config"] = {**described["config"], **_PNG}
    return vl_convert.vegalite_to_png(described, scale=_PNG_SCALE)


def bars(rows: Sequence[Bar]) -> Draw:
    """Draw bars, each below its own label: names of any length then fit a telephone."""
    values = [
        {"place": place, "label": row.label, "value": row.value, "text": row.text}
        for place, row in enumerate(rows)
    ]
    longest_text = max(len(row.text) for row in rows)

    def draw(width: int) -> Drawn:
        base = _chart(values).encode(y=alt.Y("place:O").axis(None))
        written = base.encode(text="text:N").mark_text(
            align="right", yOffset=-9, color=QUIET, fontSize=TEXT_SIZE
        )
        label = base.encode(text="label:N").mark_text(
            align="left",
            yOffset=-9,
            color=INK,
            fontSize=TEXT_SIZE,
            limit=width - 7.5 * longest_text - 12,
        )
        return alt.layer(
            base.mark_bar(size=12, yOffset=8, color=MAIN).encode(
                x=alt.X("value:Q").axis(None).scale(nice=False)
            ),
            label.encode(x=alt.value(0)),
            written.encode(x=alt.value(width)),
        ).properties(width=width, height=alt.Step(44))

    return draw


def daily_revenue(revenue: Mapping[date, Decimal], days: Sequence[date]) -> Draw:
    """Draw each day's revenue: the last day stands out, days that are not known are gaps."""
    last = days[-1]
    values = [
        {
            "day": texts.short_day(day),
            # A length on the screen, not an amount: the table has the cents.
            "revenue": float(revenue[day]),
            "colour": MAIN if day == last else SOFT,
        }
        for day in days
        if day in revenue
    ]
    shown = [texts.short_day(day) for day in days]
    marked = [texts.short_day(last - timedelta(weeks=back)) for back in range(4)]

    def draw(width: int) -> Drawn:
        x = alt.X("day:O").scale(domain=shown).title(None)
        columns = (
            _chart(values)
            .mark_bar()
            .encode(
                x=x.axis(values=marked, labelAngle=0, labelOverlap=False),
                y=alt.Y("revenue:Q").axis(format="~s", tickCount=4).title(None),
                color=_as_given("colour"),
            )
        )
        return alt.layer(columns).properties(width=width, height=190, autosize=_fit())

    return draw


def trends(rows: Sequence[Trend]) -> Draw:
    """Draw how far each value is from its usual share; half is as far to the left as double to
    the right, and what may be chance is muted."""
    lifts = [_drawn_lift(row.lift) for row in rows]
    reach = max(1.5, *(max(lift, 1 / lift) for lift in lifts))
    values = [_trend_mark(place, row) for place, row in enumerate(rows)]

    def draw(width: int) -> Drawn:
        begin, end = width * 0.36, width - 56
        scale = alt.Scale(type="log", domain=[1 / reach, reach], range=[begin, end], nice=False)
        x = alt.X("lift:Q").axis(None).scale(scale)
        base = _chart(values).encode(y=alt.Y("place:O").axis(None))
        mark = base.encode(x=x, color=_as_given("colour"))
        text = base.encode(color=_as_given("letters"))
        label = text.mark_text(align="left", fontSize=TEXT_SIZE, limit=begin - 12)
        written = text.mark_text(align="right", fontSize=TEXT_SIZE)
        usual = alt.X("usual:Q").axis(None).scale(scale)
        return alt.layer(
            _chart([{"usual": 1}]).mark_rule(color=RULE).encode(x=usual),
            mark.mark_rule(strokeWidth=3).encode(x2="usual:Q"),
            mark.mark_point(filled=True, size=80, opacity=1),
            label.encode(x=alt.value(0), text="label:N"),
            written.encode(x=alt.value(width), text="text:N"),
        ).properties(width=width, height=alt.Step(28))

    return draw


def cohorts(months: Sequence[CohortMonth]) -> Draw:
    """Draw which share of each month's new buyers came back in the months after it."""
    values = [
        {
            "cohort": texts.month(month.cohort),
            "later": month.months_later,
            "text": f"{month.share:.0%}",
            "colour": STEPS[_step(month.share)],
            "letters": ON_STEP if _step(month.share) >= len(STEPS) - 2 else INK,
        }
        for month in months
    ]
    names = [texts.month(cohort) for cohort in sorted({month.cohort for month in months})]

    def draw(width: int) -> Drawn:
        shown = [value for value in values if int(value["later"]) <= _MONTHS_SHOWN[width]]
        base = _chart(shown).encode(
            x=alt.X("later:O").axis(orient="top", labelAngle=0).title(None),
            y=alt.Y("cohort:O").scale(domain=names).title(None),
        )
        return alt.layer(
            base.mark_rect(stroke=None).encode(color=_as_given("colour")),
            base.mark_text(fontSize=12).encode(text="text:N", color=_as_given("letters")),
        ).properties(width=width, height=32 * len(names) + 24, autosize=_fit())

    return draw


def _chart(values: Values) -> alt.Chart:
    return alt.Chart({"values": list(values)})


def _as_given(name: str) -> alt.Color:
    return alt.Color(f"{name}:N").scale(None)


def _fit() -> alt.AutoSizeParams:
    return alt.AutoSizeParams(type="fit", contains="padding")


def _trend_mark(place: int, trend: Trend) -> dict[str, Any]:
    return {
        "place": place,
        "label": trend.value,
        "usual": 1,
        "lift": _drawn_lift(trend.lift),
        "text": texts.times(trend.lift),
        "colour": _trend_colour(trend),
        "letters": INK if trend.is_significant else QUIET,
    }


def _drawn_lift(lift: float) -> float:
    return min(max(lift, 1 / _LONGEST_LIFT), _LONGEST_LIFT) if isfinite(lift) else _LONGEST_LIFT


def _trend_colour(trend: Trend) -> str:
    if not trend.is_significant:
        return MUTED
    return MAIN if trend.lift >= 1 else DOWN


def _step(share: float) -> int:
    return sum(share >= end for end in _STEP_ENDS)


def _described(chart: Drawn) -> dict[str, Any]:
    return {**chart.to_dict(), "config": CONFIG}
