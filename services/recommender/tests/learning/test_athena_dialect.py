"""The SQL that learns, as Athena would be asked: the same source, the same model."""

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from services.recommender.tests.learning.conftest import NOW, Visits
from services.recommender.tests.trends.plain_counts import product_of
from sqlglot import exp, parse_one

from fashion_contracts.events import EventType, Interaction
from recommender.learning.workbench import Workbench
from recommender.settings import LearningSettings

LOADS = "read_json"
NOT_IN_ATHENA = ("QUALIFY", "MATERIALIZED", "USING SAMPLE", "EXCLUDE (")


def athena_text(sql: str, parameters: Any) -> str:
    """Return the statement in Athena's dialect, with the parameters in it."""
    tree = parse_one(sql, read="duckdb")
    named = parameters if isinstance(parameters, dict) else {}
    in_order = [] if named else [_literal(value) for value in parameters or ()]
    bound = exp.replace_placeholders(
        _named(tree), *in_order, **{name: _literal(value) for name, value in named.items()}
    )
    return bound.sql("athena")


def _named(tree: exp.Expr) -> exp.Expr:
    return tree.transform(
        lambda node: exp.Placeholder(this=node.name) if isinstance(node, exp.Parameter) else node
    )


def _literal(value: object) -> exp.Expr:
    return exp.convert(str(value) if not isinstance(value, bool | int | float) else value)


class AthenaWorkbench(Workbench):
    """A workbench that says everything in Athena's dialect first. Loading files is DuckDB's own."""

    def __init__(self, settings: LearningSettings, folder: Path) -> None:
        super().__init__(settings, folder)
        self.texts: list[str] = []

    def run(self, sql: str, parameters: Any = None) -> duckdb.DuckDBPyConnection:
        """Run the statement that Athena's text means."""
        if LOADS in sql or "VALUES" in sql:
            return super().run(sql, parameters)
        text = athena_text(sql, parameters)
        self.texts.append(text)
        return super().run(parse_one(text, read="athena").sql("duckdb"))


@pytest.fixture
def learnt(
    visits: Visits, event: Callable[..., Interaction]
) -> Callable[[type[Workbench]], tuple[Any, Workbench]]:
    """Return what learns everything there is from one week, on a bench of either kind."""
    week = timedelta(days=7)
    events = visits(60, begin=NOW - week, span=week)
    for number in range(8):
        at = NOW - timedelta(hours=number + 1)
        bought = (1 + number % 6, 1 + (number + 2) % 6)
        events += [event(one, EventType.PURCHASE, shopper=f"b{number}", at=at) for one in bought]

    def learn(kind: type[Workbench]) -> tuple[Any, Workbench]:
        with TemporaryDirectory() as place, kind(LearningSettings(), Path(place)) as bench:
            bench.load_products(map(product_of, range(1, 41)), {39, 40})
            file = Path(place) / "events.json"
            file.write_bytes(b"".join(e.to_record() for e in events))
            bench.load_events([_zipped(file)], since=NOW - week)
            bench.find_sessions()
            found = (
                bench.neighbours(),
                bench.neighbours(NOW - timedelta(days=2), only_new=True),
                bench.together(),
                bench.trends(NOW),
                bench.sessions_since(NOW - timedelta(days=1)),
            )
        return found, bench

    return learn


def _zipped(file: Path) -> Path:
    path = file.with_suffix(".gz")
    path.write_bytes(gzip.compress(file.read_bytes()))
    return path


def test_athena_would_learn_the_same(
    learnt: Callable[[type[Workbench]], tuple[Any, Workbench]],
) -> None:
    ours, _ = learnt(Workbench)
    theirs, bench = learnt(AthenaWorkbench)

    assert isinstance(bench, AthenaWorkbench)
    assert len(bench.texts) > 20
    assert not [text for text in bench.texts for word in NOT_IN_ATHENA if word in text]
    assert all(ours)
    for mine, other in zip(ours, theirs, strict=True):
        assert _rounded(mine) == _rounded(other)


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: [(n, round(score, 6)) for n, score in row] for key, row in found.items()}
    return found
