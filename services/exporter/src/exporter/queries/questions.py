"""The three questions of the shop, kept as Athena's SQL in `exporter/queries/named/`."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath

_NAMES = ("best_sellers", "trending_categories", "view_to_purchase_funnel")


@dataclass(frozen=True)
class Question:
    """One question: its title in words, and its SQL with the parameter `:day`."""

    name: str
    title: str
    sql: str

    @classmethod
    def read(cls, name: str) -> "Question":
        """Read the question from its file, whose first line is the title."""
        file = files("exporter.queries").joinpath("named", PurePath(name).with_suffix(".sql").name)
        sql = file.read_text()
        return cls(name, sql.splitlines()[0].removeprefix("-- "), sql)


QUESTIONS = tuple(Question.read(name) for name in _NAMES)
