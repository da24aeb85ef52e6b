"""docs/analysis.md: ten questions, their SQL and their answers, asked again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from exporter.queries import QUESTIONS, LakeQueries
from infra.demo.analysis import analysis, sample_lake
from infra.demo.sample import LAST_DAY
from infra.load.figures import late_by_day
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.paths import ROOT

PAGE = ROOT / "docs/analysis.md"

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def queries(aws: AwsEndpoint) -> LakeQueries:
    """Return the sample shop's lake; to make it takes a while."""
    return sample_lake()


@pytest.fixture(scope="module")
def answers(queries: LakeQueries) -> dict[str, Sequence[dict[str, Any]]]:
    """Return what the ten questions find, row by row."""
    found = {q.name: queries.query(q.sql, **q.parameters(LAST_DAY)) for q in QUESTIONS}
    return {
        name: [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        for name, result in found.items()
    }


def test_the_page_holds_each_question_and_its_answer(queries: LakeQueries) -> None:
    assert PAGE.read_text() == analysis(queries), "docs/analysis.md is stale: run `make lake-docs`"


def test_every_question_finds_something(answers: Any) -> None:
    assert all(len(rows) > 1 for name, rows in answers.items() if name != "recommendation_effect")
    assert all(any(row.values()) for rows in answers.values() for row in rows)


def test_what_is_in_fashion_is_found(answers: Any) -> None:
    certain = [row["value"] for row in answers["trending_categories"] if row["is_significant"]]
    assert certain == ["Shoes"]


def test_what_goes_together_is_found(answers: Any) -> None:
    pairs = {(row["product"], row["goes_with"]) for row in answers["bought_together"]}
    assert pairs == {
        (f"{colour} Kurta", f"{colour} Handbag") for colour in ("Blue", "Red", "Black", "White")
    }


def test_what_lies_in_stock_is_found(answers: Any) -> None:
    assert all("Watch" in row["product"] for row in answers["slow_movers"][:4])


def test_money_is_the_same_whoever_is_asked(queries: LakeQueries, answers: Any) -> None:
    month = "purchases WHERE status <> 'cancelled' AND business_day >= DATE '2026-03-01'"
    total = queries.query(f"SELECT SUM(total) FROM {month}").rows[0][0]  # noqa: S608
    days = [row for row in answers["revenue_by_day"] if row["business_day"].month == 3]
    cohorts = [
        row
        for row in answers["cohorts"]
        if (row["cohort"].month + row["months_later"], row["cohort"].year) == (3, 2026)
    ]

    assert sum(row["revenue"] for row in days) == total
    assert sum(row["revenue"] for row in cohorts) == total


def test_effects_follow_from_what_was_shown(answers: Any) -> None:
    [home] = answers["recommendation_effect"]
    assert home["impressions"] > home["clicks"] > home["purchases"] > 0
    assert home["revenue"] > 0


def test_events_are_counted_by_the_day_under_which_the_lake_has_them(queries: LakeQueries) -> None:
    days = [LAST_DAY - timedelta(days=1), LAST_DAY]
    asked = "SELECT event_id FROM events WHERE business_day = :day"
    ids = {day: [row[0] for row in queries.query(asked, day=day).rows] for day in days}
    wanted = [*ids[days[0]][:3], *ids[days[1]][:2], "an event of nobody"]
    assert late_by_day(queries, days, wanted) == {"2026-03-07": 3, "2026-03-08": 2}
    assert late_by_day(queries, days[:1], ids[days[1]]) == {}
