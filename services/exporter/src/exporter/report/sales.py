"""What the day sold and what is asked for."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from math import isfinite, log
from typing import Final

from exporter.report import charts, texts
from exporter.report.blocks import Chart, Section, Table
from exporter.report.charts import Bar
from exporter.report.schemas import DayReport, Sales, Seller, Trend

DAYS_SHOWN: Final = 28
TRENDS_SHOWN: Final = 8
DIMENSIONS: Final = {
    "base_colour": "Colours",
    "article_type": "Kinds of article",
    "season": "Seasons",
}


def headline(report: DayReport, sales: Sales) -> list[tuple[str, str, list[str]]]:
    """Return each headline figure with its changes: name, figure, sentences."""
    yesterday, last_week = report.day - timedelta(days=1), report.day - timedelta(weeks=1)
    earlier = {
        texts.weekday(yesterday): report.sales.get(yesterday),
        f"last {texts.weekday(last_week)}": report.sales.get(last_week),
    }

    def figure(name: str, text: str, of: str) -> tuple[str, str, list[str]]:
        value = getattr(sales, of)
        changes = [_change(value, getattr(then, of, None), when) for when, then in earlier.items()]
        return name, text, changes

    basket = sales.average_basket
    return [
        figure("Revenue", texts.money(sales.revenue, report.currency), "revenue"),
        figure("Purchases", texts.number(sales.purchases), "purchases"),
        figure("Units", texts.number(sales.units), "units"),
        figure("Buyers", texts.number(sales.buyers), "buyers"),
        figure(
            "Average basket",
            "none" if basket is None else texts.money(basket, report.currency),
            "average_basket",
        ),
    ]


def _change(value: Decimal | int | None, then: Decimal | int | None, when: str) -> str:
    if value is None or then is None:
        return f"no figure for {when}"
    if not then:
        return f"nothing on {when}"
    change = Decimal(value) / Decimal(then) - 1
    return f"{texts.signed_share(change)} on {when}"


def revenue(report: DayReport) -> Section:
    name, title = "revenue", f"Revenue of the last {DAYS_SHOWN} days"
    days = [report.day - timedelta(days=back) for back in reversed(range(DAYS_SHOWN))]
    known = {day: report.sales[day] for day in days if day in report.sales}
    before = [sales.revenue for day, sales in known.items() if day != report.day]
    if not before:
        return Section(name, title, "No day before this one is known yet.")
    mean = texts.money(sum(before, Decimal()) / len(before), report.currency)
    lead = f"The {texts.counted(len(before), 'day')} before came to {mean} on average."
    if len(before) == 1:
        lead = f"The one day before that is known came to {mean}."
    table = Table(
        ("Day", "Revenue", "Purchases", "Units", "Buyers"),
        [
            (
                f"{texts.weekday(day)[:3]}, {texts.short_day(day)}",
                texts.money(sales.revenue, report.currency),
                *map(texts.number, (sales.purchases, sales.units, sales.buyers)),
            )
            for day, sales in reversed(known.items())
        ],
    )
    description = f"Columns, one a day, up to {texts.day(report.day)}. {lead}"
    draw = charts.daily_revenue({day: sales.revenue for day, sales in known.items()}, days)
    return Section(name, title, lead, charts=[Chart(name, "", description, draw, table)])


def sellers(report: DayReport) -> Section:
    title = "What sells"
    if not report.products:
        return Section("sellers", title, "No product is known to have been sold on this day.")
    best = report.products[0]
    lead = f"{best.name} brought the most: {_sold(best, report.currency)}."
    drawn = [
        _selling("products", "Products", report.products, report.currency),
        _selling("categories", "Categories", report.categories, report.currency),
    ]
    return Section("sellers", title, lead, charts=[chart for chart in drawn if chart is not None])


def _selling(name: str, title: str, sellers: Sequence[Seller], currency: str) -> Chart | None:
    if not sellers:
        return None
    rows = [
        Bar(seller.name, float(seller.revenue), texts.money(seller.revenue, currency))
        for seller in sellers
    ]
    table = Table(
        (title, "Units", "Revenue"),
        [
            (seller.name, texts.number(seller.units), texts.money(seller.revenue, currency))
            for seller in sellers
        ],
    )
    description = f"{title} by revenue, the first {sellers[0].name}: {_sold(sellers[0], currency)}."
    return Chart(name, title, description, charts.bars(rows), table)


def _sold(seller: Seller, currency: str) -> str:
    return f"{texts.counted(seller.units, 'unit')} for {texts.money(seller.revenue, currency)}"


def trends(report: DayReport) -> Section:
    title = "What trends"
    drawn = [
        _trend(name, heading, chosen)
        for name, heading in DIMENSIONS.items()
        if (chosen := _chosen([row for row in report.trends if row.dimension == name]))
    ]
    if not drawn:
        return Section("trends", title, "Too little is known to tell a trend.")
    rising = sorted(
        (row for row in report.trends if row.dimension in DIMENSIONS and row.is_significant),
        key=lambda row: -row.lift,
    )
    named = ", ".join(f"{row.value} {texts.times(row.lift)}" for row in rising[:3] if row.lift > 1)
    lead = f"Asked for more than usual: {named}." if named else "Nothing rose beyond chance."
    note = (
        "Share of the day's interest over the usual share of the 28 days before; the line is 1."
        " Grey may be chance."
    )
    return Section("trends", title, lead, note, drawn)


def _chosen(rows: Sequence[Trend]) -> list[Trend]:
    """Return the values worth a line: what moved beyond chance, then what is asked for most."""
    ranked = sorted(
        rows,
        key=lambda row: (
            not row.is_significant,
            -_distance(row.lift) if row.is_significant else -row.interest,
            row.value,
        ),
    )
    return sorted(ranked[:TRENDS_SHOWN], key=lambda row: (-row.lift, row.value))


def _distance(lift: float) -> float:
    return abs(log(lift)) if lift > 0 and isfinite(lift) else float("inf")


def _trend(name: str, title: str, rows: Sequence[Trend]) -> Chart:
    table = Table(
        (title, "Lift", "Shoppers", "Beyond chance"),
        [
            (
                row.value,
                texts.times(row.lift),
                texts.number(row.shoppers),
                "yes" if row.is_significant else "no",
            )
            for row in rows
        ],
    )
    said = ", ".join(f"{row.value} {texts.times(row.lift)}" for row in rows)
    return Chart(f"trend-{name}", title, f"Lift: {said}.", charts.trends(rows), table)
