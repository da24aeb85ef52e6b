"""Questions over the lake: their text, their answers, and what is out of reach."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.queries import QUESTIONS, Question, question_named
from exporter.queries.athena import parse
from exporter.queries.errors import InvalidQueryError, UnknownQuestionError, UnknownTableError

TODAY = date(2026, 3, 8)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
WITH_DAY = [question for question in QUESTIONS if question.asks_day]


@pytest.mark.servers
class TestQuestions:
    def test_a_question_is_asked_of_a_day(self, lake: Any) -> None:
        question = question_named("best_sellers")
        rows = lake.queries.query(question.sql, **question.parameters(TODAY)).rows
        assert rows == [(2, "Red shoe", "Shoes", 5, Decimal("500.50"), 1, 2)]

    def test_as_athena_keeps_it_it_asks_of_yesterday(self, lake: Any) -> None:
        text = question_named("best_sellers").for_athena(HANOI)
        assert lake.queries.query(text).rows == []

    def test_an_answer_may_be_an_arrow_table_with_exact_money(self, lake: Any) -> None:
        found = lake.queries.arrow("SELECT revenue FROM product_daily")
        assert found.to_pylist() == [{"revenue": Decimal("500.50")}]


class TestText:
    def test_there_are_ten(self) -> None:
        assert len(QUESTIONS) == len({question.title for question in QUESTIONS}) == 10

    def test_an_unknown_one_is_named_with_those_there_are(self) -> None:
        with pytest.raises(UnknownQuestionError, match=r"no question orders; .*slow_movers"):
            question_named("orders")

    @pytest.mark.parametrize("question", WITH_DAY, ids=lambda question: question.name)
    def test_athenas_text_differs_in_the_day_alone(self, question: Question) -> None:
        text = question.for_athena(HANOI)
        yesterday = "DATE_ADD('day', -1, CAST(CURRENT_TIMESTAMP AT TIME ZONE '{}' AS DATE))"
        assert text.replace(yesterday.format(HANOI.key), ":day") == question.sql
        parse(text, {})

    def test_a_question_of_the_latest_load_is_told_nothing(self) -> None:
        question = question_named("cohorts")
        assert question.parameters(TODAY) == {}
        assert question.for_athena(HANOI) == question.sql


@pytest.mark.servers
class TestOutOfReach:
    def test_an_unknown_table_is_named_with_those_there_are(self, lake: Any) -> None:
        with pytest.raises(UnknownTableError, match=r"no table orders; .*products"):
            lake.queries.query("SELECT * FROM orders")

    def test_files_of_this_machine_are_out_of_reach(self, lake: Any) -> None:
        with pytest.raises(InvalidQueryError):
            lake.queries.query("SELECT GETENV('HOME') FROM events")
