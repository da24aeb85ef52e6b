"""What the shoppers did: how far they went, who comes back, what goes together."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from exporter.report import charts, texts
from exporter.report.blocks import Chart, Section, Table
from exporter.report.charts import Bar
from exporter.report.schemas import CohortMonth, DayReport

COHORTS_SHOWN: Final = 12


def funnel(report: DayReport) -> Section:
    title = "How far shoppers go"
    if not report.funnel or not report.funnel[0].shoppers:
        return Section("funnel", title, "No visits are known of this day.")
    first, last = report.funnel[0], report.funnel[-1]
    lead = (
        f"Of {texts.counted(first.shoppers, 'shopper')} {texts.share(last.share_of_first)}"
        f" reached the last step, {last.name.replace('_', ' ')}."
    )
    rows = [
        Bar(
            texts.words(step.name),
            step.shoppers,
            f"{texts.number(step.shoppers)} · {texts.share(step.share_of_first)}",
        )
        for step in report.funnel
    ]
    table = Table(
        ("Step", "Shoppers", "Of the step before", "Of the first"),
        [
            (
                texts.words(step.name),
                texts.number(step.shoppers),
                texts.share(step.share_of_previous),
                texts.share(step.share_of_first),
            )
            for step in report.funnel
        ],
    )
    chart = _bars("funnel", "Shoppers by step", rows, table)
    return Section("funnel", title, lead, charts=[chart])


def effects(report: DayReport) -> Section:
    title = "What recommendations bring"
    shown = sum(effect.impressions for effect in report.effects)
    if not shown:
        return Section(
            "recommendations", title, "No recommendations are known to have been shown on this day."
        )
    steps = {
        "Shown": shown,
        "Clicks": sum(effect.clicks for effect in report.effects),
        "Carts": sum(effect.carts for effect in report.effects),
        "Purchases": sum(effect.purchases for effect in report.effects),
    }
    revenue = sum((effect.revenue for effect in report.effects), Decimal())
    lead = (
        f"Shown {texts.counted(shown, 'time')}, they led to"
        f" {texts.counted(steps['Purchases'], 'purchase')} and"
        f" {texts.money(revenue, report.currency)}."
    )
    rows = [
        Bar(name, count, f"{texts.number(count)} · {texts.share(count / shown)}")
        for name, count in steps.items()
    ]
    chart = _bars("recommendations", "By step", rows, _effects_table(report))
    return Section("recommendations", title, lead, charts=[chart])


def _effects_table(report: DayReport) -> Table:
    return Table(
        ("List", "Shown", "Clicks", "Clicked", "Carts", "Purchases", "Revenue"),
        [
            (
                texts.words(effect.list_id),
                texts.number(effect.impressions),
                texts.number(effect.clicks),
                texts.share(effect.click_through),
                texts.number(effect.carts),
                texts.number(effect.purchases),
                texts.money(effect.revenue, report.currency),
            )
            for effect in report.effects
        ],
    )


def cohorts(report: DayReport) -> Section:
    title = "Who comes back"
    later = [month for month in report.cohorts if month.months_later]
    if not later:
        return Section(
            "cohorts", title, "No month's buyers are known to have had a month to come back in."
        )
    shown = sorted({month.cohort for month in later})[-COHORTS_SHOWN:]
    later = [month for month in later if month.cohort in shown]
    latest = max(
        (month for month in later if month.months_later == 1),
        key=lambda month: month.cohort,
        default=None,
    )
    lead = "Buyers by the month of their first purchase."
    if latest is not None:
        lead = (
            f"Of the {texts.counted(latest.size, 'buyer')} who began in"
            f" {texts.month(latest.cohort)}, {texts.share(latest.share)} bought again"
            " a month later."
        )
    description = f"Share that bought again, by month of the first purchase. {lead}"
    note = (
        "Down: month of the first purchase. Across: months after it. Share that bought again."
        f"{_as_of(report, 'cohorts')}"
    )
    chart = Chart("cohorts", "", description, charts.cohorts(later), _cohorts_table(later))
    return Section("cohorts", title, lead, note, [chart])


def _cohorts_table(months: Sequence[CohortMonth]) -> Table:
    return Table(
        ("Began in", "New buyers", "Months later", "Came back", "Share"),
        [
            (
                texts.month(month.cohort),
                texts.number(month.size),
                str(month.months_later),
                texts.number(month.buyers),
                texts.share(month.share),
            )
            for month in months
        ],
    )


def segments(report: DayReport) -> Section:
    title = "What kind of buyers"
    buyers = sum(segment.buyers for segment in report.segments)
    if not buyers:
        return Section("segments", title, "No buyers are known yet.")
    money = sum((segment.monetary for segment in report.segments), Decimal())
    first = report.segments[0]
    part = texts.share(float(first.monetary / money)) if money else texts.share(None)
    lead = (
        f"{texts.words(first.name)}: {texts.number(first.buyers)} of"
        f" {texts.counted(buyers, 'buyer')}, and {part} of what all have paid."
    )
    rows = [
        Bar(
            texts.words(segment.name),
            segment.buyers,
            f"{texts.number(segment.buyers)} · {texts.share(segment.buyers / buyers)}",
        )
        for segment in report.segments
    ]
    table = Table(
        ("Segment", "Buyers", "Share", "Paid so far"),
        [
            (
                texts.words(segment.name),
                texts.number(segment.buyers),
                texts.share(segment.buyers / buyers),
                texts.money(segment.monetary, report.currency),
            )
            for segment in report.segments
        ],
    )
    chart = _bars("segments", "Buyers by segment", rows, table)
    note = f"By how recently, how often and for how much they bought.{_as_of(report, 'segments')}"
    return Section("segments", title, lead, note, [chart])


def baskets(report: DayReport) -> Section:
    title = "What is bought together"
    if not report.pairs:
        return Section("baskets", title, "No two products are known to be bought together often.")
    best = report.pairs[0]
    lead = (
        f"{best.product} and {best.with_product} are bought together"
        f" {texts.times(best.lift)} as often as chance would have it."
    )
    table = Table(
        ("Product", "With", "Purchases", "Lift"),
        [
            (pair.product, pair.with_product, texts.number(pair.baskets), texts.times(pair.lift))
            for pair in report.pairs
        ],
        texts=2,
    )
    note = f"In one purchase, by lift.{_as_of(report, 'pairs')}"
    return Section("baskets", title, lead, note, table=table)


def _as_of(report: DayReport, part: str) -> str:
    """Return the sentence that dates a part which is not the day's own."""
    return f" As of {texts.day(report.as_of[part])}." if part in report.as_of else ""


def _bars(name: str, what: str, rows: Sequence[Bar], table: Table) -> Chart:
    said = ", ".join(f"{row.label} {row.text}" for row in rows)
    return Chart(name, "", f"{what}: {said}.", charts.bars(rows), table)
