"""A made-up day of a shop, the same for the same seed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from exporter.report.schemas import (
    CohortMonth,
    DayReport,
    ListEffect,
    Load,
    Pair,
    Sales,
    Segment,
    Seller,
    Step,
    Trend,
)

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
VALUES = {
    "base_colour": (
        "Black",
        "White",
        "Navy Blue",
        "Red",
        "Purple",
        "Olive",
        "Teal",
        "Mustard",
        "Beige",
    ),
    "article_type": (
        "Shirts",
        "Kurtas",
        "Jeans",
        "Casual Shoes",
        "Handbags",
        "Flip Flops",
        "Heels",
    ),
    "season": ("Spring", "Summer", "Fall", "Winter"),
}
NAMES = (
    "Nike Women As Nike Eleme White Capris",
    "Palm Tree Kids Girls Printed and Embroidered Long Sleeve Cotton Turquoise Blue Top & Bag",
    "Puma Men's Future Cat Remix SF Black Casual Shoes",
    'Jealous 21 Women "Boyfriend" Blue Jeans',
    "Fabindia Men Striped Green <Shirt>",
    "Titan Women Silver Watch",
    "Catwalk Women Brown Heels",
    "United Colors of Benetton Men Solid Navy Blue Polo T-Shirt",
)
CATEGORIES = ("Topwear", "Shoes", "Bottomwear", "Watches", "Bags", "Jewellery")


def money(value: float) -> Decimal:
    return Decimal(round(value * 100)) / 100


@pytest.fixture(scope="session")
def demo() -> DayReport:
    """Return the report of a made-up day, always the same."""
    return demo_report(DAY)


def demo_report(day: date, seed: int = 7) -> DayReport:
    random = Random(seed)
    return DayReport(
        day=day,
        timezone=ZONE,
        currency="INR",
        sales={at.day: at for at in _sales(random, day)},
        products=_sellers(random, NAMES, 60_000),
        categories=_sellers(random, CATEGORIES, 160_000),
        trends=_trends(random),
        funnel=_funnel(),
        cohorts=_cohorts(random, day),
        segments=[
            Segment(name, buyers, money(buyers * each))
            for name, buyers, each in (
                ("champion", 212, 9_800.5),
                ("loyal", 341, 5_400.25),
                ("promising", 508, 2_100),
                ("new", 640, 1_450),
                ("at_risk", 277, 3_020),
                ("lost", 399, 1_100),
            )
        ],
        pairs=[
            Pair(first, second, random.randint(3, 40), random.uniform(1.5, 12))
            for first, second in pairwise(NAMES)
        ],
        effects=[
            ListEffect("home", 4_210, 398, 121, 44, money(61_240.5), 0.0912),
            ListEffect("product_page", 2_904, 371, 160, 71, money(98_015), 0.1203),
            ListEffect("cart", 610, 22, 9, 2, money(2_310), 0.0361),
        ],
        as_of=dict.fromkeys(("cohorts", "segments", "pairs"), day + timedelta(days=1)),
        load=Load(
            run_id="01KAR5V9T3Q8Z7Y6X5W4V3T2S1",
            state="loaded",
            finished_at=datetime(2026, 11, 23, 17, 7, 12, tzinfo=UTC),
            rows={"purchases": 231, "purchase_lines": 402, "products": 1_000, "users": 2_377},
            events={"kept": 48_101, "duplicates": 96, "of_other_days": 9, "bad": 4},
        ),
    )


def _sales(random: Random, day: date) -> list[Sales]:
    found = []
    for back in range(28):
        # One day is missing: a night that failed.
        if back != 11:
            at = day - timedelta(days=back)
            purchases = random.randint(160, 240) + 60 * (at.weekday() >= 5)
            found.append(
                Sales(
                    day=at,
                    revenue=money(purchases * random.uniform(1_500, 2_100)),
                    purchases=purchases,
                    units=purchases * 2 - 31,
                    buyers=purchases - 12,
                    new_buyers=purchases // 4,
                    cancelled=5,
                    refunded=2,
                    refunds=money(3_104.5),
                )
            )
    return found


def _sellers(random: Random, names: tuple[str, ...], most: int) -> list[Seller]:
    revenue = sorted((money(random.uniform(2_000, most)) for _ in names), reverse=True)
    return [
        Seller(name, random.randint(3, 60), amount)
        for name, amount in zip(names, revenue, strict=True)
    ]


def _trends(random: Random) -> list[Trend]:
    return [
        Trend(
            dimension=dimension,
            value=value,
            interest=random.randint(20, 900),
            shoppers=random.randint(8, 300),
            lift=(lift := random.lognormvariate(0, 0.45)),
            is_significant=not 0.75 < lift < 1.35,
        )
        for dimension, values in VALUES.items()
        for value in values
    ]


def _funnel() -> list[Step]:
    counts = {"visited": 3_120, "viewed": 2_504, "carted": 701, "checkout": 322, "purchased": 219}
    numbers = list(counts.values())
    return [
        Step(name, count, count / before if before else None, count / numbers[0])
        for (name, count), before in zip(counts.items(), [None, *numbers], strict=False)
    ]


def _cohorts(random: Random, day: date) -> list[CohortMonth]:
    found = []
    for back in range(9, -1, -1):
        month = day.year * 12 + day.month - 1 - back
        size = random.randint(120, 400)
        for later in range(back + 1):
            share = 1.0 if not later else random.uniform(0.25, 0.5) / later
            cohort = date(month // 12, month % 12 + 1, 1)
            found.append(CohortMonth(cohort, size, later, round(size * share), share))
    return found
