"""The page tells a manager the day's figures, whatever the data is."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from exporter.report import charts, theme
from exporter.report.commands import write
from exporter.report.page import page_of, sections
from exporter.report.schemas import DayReport, Sales, Seller, Trend

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Outline(HTMLParser):
    """Gathers what a browser would show: the texts, and the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        said = "".join(self.words).replace("\N{MINUS SIGN}", "-")
        return " ".join(said.replace("\N{NO-BREAK SPACE}", " ").split())


def html(report: DayReport) -> str:
    return page_of(report, sections(report))


def read(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    return outline


def sales(day: date, revenue: str, purchases: int) -> Sales:
    return Sales(day, Decimal(revenue), purchases, 2 * purchases, purchases, 1, 0, 0, Decimal(0))


@pytest.fixture(scope="module")
def page(demo: DayReport) -> str:
    return html(demo)


def test_the_headline_has_each_figure_and_its_changes() -> None:
    days = [
        sales(DAY, "405728.00", 200),
        sales(DAY - timedelta(days=1), "811456.00", 100),
        sales(DAY - timedelta(days=7), "324582.40", 200),
    ]
    report = DayReport(DAY, ZONE, "INR", sales={each.day: each for each in days})

    text = read(html(report)).text

    assert "Monday, 23 November 2026" in text
    assert "Revenue INR 405,728.00 -50.0% on Sunday +25.0% on last Monday" in text
    assert "Purchases 200 +100.0% on Sunday 0.0% on last Monday" in text
    assert "Average basket INR 2,028.64 -75.0% on Sunday" in text
    assert "The 2 days before came to INR 568,019.20 on average." in text


def test_what_looks_at_all_days_says_up_to_which_one(demo: DayReport) -> None:
    notes = {part.name: part.note for part in sections(demo)}

    dated = {name for name, note in notes.items() if note.endswith(" As of 24 November 2026.")}
    assert dated == {"cohorts", "segments", "baskets"}


def test_days_that_are_not_known_are_said_to_be_so() -> None:
    report = DayReport(DAY, ZONE, "INR", sales={DAY: sales(DAY, "10.00", 1)})

    text = read(html(report)).text

    assert "no figure for Sunday" in text
    assert "No day before this one is known yet." in text


def test_a_day_after_one_without_sales_has_no_change_in_percent() -> None:
    empty = DAY - timedelta(days=1)
    known = {DAY: sales(DAY, "10.00", 1), empty: sales(empty, "0.00", 0)}

    text = read(html(DayReport(DAY, ZONE, "INR", sales=known))).text

    assert "nothing on Sunday" in text
    assert "Infinity" not in text


def test_an_empty_day_is_told_in_sentences() -> None:
    report = DayReport(DAY, ZONE, "")

    outline = read(html(report))

    assert "svg" not in outline.tags
    assert "This day has not been loaded" in outline.text
    assert all(section.lead.endswith(".") for section in sections(report))
    assert "No complete load of this day is in the ledger." in outline.text


@pytest.mark.parametrize("lift", [float("inf"), float("nan"), 0.0, 1e-9, 1e9])
def test_a_lift_of_any_size_is_drawn(lift: float) -> None:
    trends = [Trend("base_colour", "Teal", 5, 3, lift, is_significant=True)]

    page = html(DayReport(DAY, ZONE, "INR", trends=trends))

    assert "Teal" in page
    assert not re.search(r"\bNaN\b|\bInfinity\b|\bnan\b|\binf\b", page)


def test_names_from_outside_are_text_and_nothing_more() -> None:
    name = """<script>alert("x")</script>' onload='x' {{ 7*7 }} &amp;"""
    report = DayReport(DAY, ZONE, "INR", products=[Seller(name, 1, Decimal("1.00"))])

    outline = read(html(report))

    assert "script" not in outline.tags
    assert not [name for name, _ in outline.attributes if name.startswith("on")]
    assert f"{name} brought the most" in outline.text


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    outline = read(page)

    assert not {"script", "link", "img", "iframe", "image", "use"} & set(outline.tags)
    addresses = {value for name, value in outline.attributes if name in {"href", "src"}}
    assert addresses == set()
    assert not re.search(r"url\(|@import", page)


def test_each_chart_has_words_and_a_table_instead_of_it(demo: DayReport, page: str) -> None:
    outline = read(page)
    drawn = list(chain.from_iterable(section.charts for section in sections(demo)))

    assert dict(outline.attributes)["lang"] == "en"
    assert outline.tags.count("title") == 1
    assert len(drawn) == 10
    assert [value for name, value in outline.attributes if (name, value) == ("role", "img")] == (
        ["img"] * len(drawn)
    )
    assert outline.tags.count("details") == len(drawn)
    assert all(chart.description and chart.table.rows for chart in drawn)


def test_letters_in_charts_are_legible_on_a_telephone(demo: DayReport) -> None:
    for chart in chain.from_iterable(section.charts for section in sections(demo)):
        svg = charts.svg(chart.draw(charts.NARROW))
        width = float(re.findall(r'<svg [^>]*width="([\d.]+)"', svg)[0])
        sizes = {float(size) for size in re.findall(r'font-size="([\d.]+)px"', svg)}
        assert width <= charts.NARROW, chart.name
        assert min(sizes) >= 11, chart.name


def test_every_colour_of_a_chart_has_one_for_dark_screens(page: str) -> None:
    drawn = "".join(re.findall(r"<svg .*?</svg>", page, re.DOTALL))
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)"', drawn))

    assert used
    assert used <= set(theme.DARK)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("is_dark", [False, True])
def test_colours_have_the_contrast_that_wcag_asks_for(is_dark: bool) -> None:
    def shown(colour: str) -> str:
        return theme.DARK[colour] if is_dark else colour

    ground = theme.DARK_GROUND if is_dark else theme.GROUND
    letters = [(theme.INK, ground), (theme.QUIET, ground)]
    letters += [(theme.INK, shown(step)) for step in theme.STEPS[:3]]
    letters += [(theme.ON_STEP, shown(step)) for step in theme.STEPS[3:]]
    marks = [theme.MAIN, theme.SOFT, theme.DOWN, theme.MUTED]

    assert min(contrast(shown(letter), behind) for letter, behind in letters) >= 4.5
    assert min(contrast(shown(mark), ground) for mark in marks) >= 3


def test_the_same_day_gives_the_same_bytes(demo: DayReport, tmp_path: Path) -> None:
    once, again = write(demo, tmp_path / "once"), write(demo, tmp_path / "again")

    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]
    assert once[0] == tmp_path / "once/2026-11-23.html"
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in once[1:])


def test_pictures_of_an_earlier_report_do_not_stay(demo: DayReport, tmp_path: Path) -> None:
    write(demo, tmp_path)

    write(DayReport(DAY, ZONE, ""), tmp_path)

    assert list((tmp_path / "2026-11-23").iterdir()) == []
