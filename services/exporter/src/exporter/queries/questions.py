"""The manager's ten questions, kept as Athena's SQL in `exporter/queries/named/`.

They ask the marts, so that a figure means the same in a query, in the report and in Athena.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from zoneinfo import ZoneInfo

from exporter.queries.athena import Parameter
from exporter.queries.errors import UnknownQuestionError

_NAMES = (
    "best_sellers",
    "trending_categories",
    "view_to_purchase_funnel",
    "revenue_by_day",
    "new_and_returning_buyers",
    "cohorts",
    "customer_segments",
    "bought_together",
    "recommendation_effect",
    "slow_movers",
)
_COMMENT = "--"
_DAY = re.compile(r":day\b")


@dataclass(frozen=True)
class Question:
    """One question: its title in words, and its SQL, most often with the parameter `:day`."""

    name: str
    title: str
    sql: str

    @classmethod
    def read(cls, name: str) -> "Question":
        """Read the question from its file, whose first line is the title."""
        sql = files("exporter.queries").joinpath("named", f"{name}.sql").read_text()
        return cls(name, sql.splitlines()[0].removeprefix(f"{_COMMENT} "), sql)

    @property
    def asks_day(self) -> bool:
        """Say whether it is asked of a day; if not, it is asked of the latest load."""
        return self._with_day(":") != self.sql

    def parameters(self, day: date) -> Mapping[str, Parameter]:
        """Return what the question must be told."""
        return {"day": day} if self.asks_day else {}

    def for_athena(self, timezone: ZoneInfo) -> str:
        """Return the text as Athena keeps it: a saved query has no `:day`, so it asks of yesterday.

        Whoever wants another day puts `DATE '2026-03-08'` there.
        """
        now = f"CURRENT_TIMESTAMP AT TIME ZONE '{timezone.key}'"
        return self._with_day(f"DATE_ADD('day', -1, CAST({now} AS DATE))")

    def _with_day(self, text: str) -> str:
        lines = self.sql.splitlines(keepends=True)
        return "".join(
            line if line.startswith(_COMMENT) else _DAY.sub(lambda _: text, line) for line in lines
        )


QUESTIONS = tuple(Question.read(name) for name in _NAMES)


def question_named(name: str) -> Question:
    """Return the question of that name."""
    found = {question.name: question for question in QUESTIONS}.get(name)
    if found is None:
        raise UnknownQuestionError(name, _NAMES)
    return found
