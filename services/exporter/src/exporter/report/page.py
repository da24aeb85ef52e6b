"""The page: one file of HTML with its style and its charts in it, and the charts as pictures."""

from collections.abc import Iterator
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from exporter.report import charts, sales, shoppers, texts, theme
from exporter.report.blocks import Chart, Section
from exporter.report.schemas import DayReport

_FILES: Final = PackageLoader("exporter.report", "templates")
_TEMPLATES: Final = Environment(
    loader=_FILES,
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    day=texts.day,
    moment=texts.moment,
    money=texts.money,
    number=texts.number,
    weekday=texts.weekday,
    words=texts.words,
)


def sections(report: DayReport) -> list[Section]:
    """Return the parts of the page in their order."""
    return [
        sales.revenue(report),
        sales.sellers(report),
        sales.trends(report),
        shoppers.funnel(report),
        shoppers.effects(report),
        shoppers.cohorts(report),
        shoppers.segments(report),
        shoppers.baskets(report),
    ]


def page_of(report: DayReport, parts: list[Section]) -> str:
    """Return the report's HTML."""
    of_day = report.sales.get(report.day)
    return _TEMPLATES.get_template("report.html").render(
        report=report,
        sales=of_day,
        headline=sales.headline(report, of_day) if of_day else [],
        sections=parts,
        drawings={
            chart.name: {
                "narrow": _drawing(chart, charts.NARROW),
                "wide": _drawing(chart, charts.WIDE),
            }
            for part in parts
            for chart in part.charts
        },
        # Ours; nothing in it comes from the data.
        style=Markup(_style()),  # noqa: S704
    )


def pictures_of(parts: list[Section]) -> Iterator[tuple[str, bytes]]:
    """Yield each chart's name and its picture."""
    for part in parts:
        for chart in part.charts:
            yield chart.name, charts.png(chart.draw(charts.WIDE))


def _drawing(chart: Chart, width: int) -> Markup:
    # The renderer has escaped the texts in it.
    return Markup(charts.svg(chart.draw(width)))  # noqa: S704


def _style() -> str:
    """Return the style sheet; on a dark screen it repaints each colour of the charts."""
    return _TEMPLATES.get_template("report.css").render(theme=theme)
