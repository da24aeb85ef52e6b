"""The workbench of a build: DuckDB in memory, with the catalogue and the sessions on it."""

import json
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb

from recommender.learning.catalogue import CatalogueProduct
from recommender.learning.queries import acts, neighbours, together, trends
from recommender.settings import LearningSettings

Rows = dict[int, list[tuple[int, float]]]
"""Neighbours with their scores by product, best first."""

END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)


class Workbench:
    """Learns from acts on products by SQL. Every `until` is exclusive."""

    def __init__(self, settings: LearningSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        # What does not fit into memory goes into the folder, not beside whoever started us.
        self._duckdb = duckdb.connect(
            config={"temp_directory": str(folder / "spill"), "preserve_insertion_order": False}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._duckdb.close()

    def load_products(self, products: Iterable[CatalogueProduct], new: Container[int]) -> None:
        """Put the catalogue, the newest product first, on the bench; say which ones are new."""
        path = self._folder / "products.jsonl"
        with path.open("w") as file:
            for rank, product in enumerate(products):
                more = {"age_rank": rank, "is_new": product.id in new}
                file.write(json.dumps(vars(product) | more, default=str) + "\n")
        self.run(acts.PRODUCTS, [str(path)])
        self.run(acts.EMPTY_ACTS)

    def load_events(self, files: Sequence[Path], *, since: datetime) -> None:
        """Put the acts that these landing zone files tell of on the bench."""
        if files:
            self.run(acts.ACTS, [[str(file) for file in files], _naive(since)])

    def find_sessions(self) -> None:
        """Cut what each shopper did into sessions."""
        self.run(acts.STEPS, [self._settings.session_gap.total_seconds()])
        self.run(acts.SESSION_STARTS)

    def count_acts(self) -> int:
        """Return how many acts are on the bench."""
        return int(self._value("SELECT count(*) FROM acts"))

    def last_act(self) -> datetime | None:
        """Return when the latest act happened."""
        latest: datetime | None = self._value("SELECT max(acted_at) FROM acts")
        return None if latest is None else latest.replace(tzinfo=UTC)

    def split_at(self, share: float) -> datetime | None:
        """Return the instant after which this share of the sessions began."""
        instant: datetime | None = self._value(acts.SPLIT, [1 - share])
        return None if instant is None else instant.replace(tzinfo=UTC)

    def sessions_since(self, begin: datetime) -> list[list[int]]:
        """Return the products of each longer session that began at or after, the latest first."""
        rows = self.run(acts.SESSIONS, [_naive(begin)]).fetchall()
        return [row[0] for row in rows]

    def neighbours(self, until: datetime = END_OF_TIME, *, only_new: bool = False) -> Rows:
        """Return the neighbour table learnt from the sessions that began before.

        With `only_new` likeness adds nothing but new products: a delta, for a model that has the
        rest.
        """
        s = self._settings
        before = {"until": _naive(until)}
        near = {"pair_window": s.pair_window, "distance_power": s.distance_power}
        self.run(neighbours.HALVES, before | near)
        self.run(neighbours.PAIRS, {"backward": s.backward_weight})
        self.run(neighbours.POPULARITY, before)
        self.run(neighbours.ASSOCIATIONS, self._association | {"neighbours": s.neighbours})
        pools = {"candidates": s.content_candidates, "neighbours": s.neighbours}
        self.run(neighbours.CANDIDATES, pools | {"only_new": only_new})
        for attribute in acts.ATTRIBUTES:
            believed = {"pseudo_pairs": s.lift_pseudo_pairs, "same": s.same_attribute_lift}
            self.run(neighbours.lifts(attribute), believed)
        self.run(neighbours.likeness(), {"power": s.content_power})
        blend = {"content_weight": s.content_weight, "neighbours": s.neighbours}
        return _grouped(self.run(neighbours.NEIGHBOURS, blend).fetchall())

    def together(self) -> Rows:
        """Return what is bought with each product, best first."""
        s = self._settings
        baskets = {"cart_share": s.together_cart_share, "basket_length": s.basket_length}
        return _grouped(
            self.run(
                together.TOGETHER, self._association | baskets | {"neighbours": s.neighbours}
            ).fetchall()
        )

    @property
    def _association(self) -> dict[str, float]:
        s = self._settings
        return {
            "popularity_power": s.popularity_power,
            "prior": s.association_prior,
            "scale": s.association_scale,
        }

    def trends(self, until: datetime) -> dict[str, list[tuple[int, float]]]:
        """Return the trending products of each scope by the acts before, best first."""
        s = self._settings
        weighed = {"view": s.weight_view, "cart": s.weight_cart, "purchase": s.weight_purchase}
        timed = {"until": _naive(until), "half_life": s.trend_half_life.total_seconds()}
        return _grouped(
            self.run(trends.TRENDS, weighed | timed | {"length": s.trend_length}).fetchall()
        )

    def run(self, sql: str, parameters: Any = None) -> duckdb.DuckDBPyConnection:
        """Run one statement."""
        return self._duckdb.execute(sql, parameters)

    def _value(self, sql: str, parameters: Any = None) -> Any:
        row = self.run(sql, parameters).fetchone()
        return None if row is None else row[0]


def _grouped(rows: Iterable[tuple[Any, int, float]]) -> dict[Any, list[tuple[int, float]]]:
    return {
        key: [(product, score) for _, product, score in group]
        for key, group in groupby(rows, itemgetter(0))
    }


def _naive(instant: datetime) -> datetime:
    """Return the instant as DuckDB's TIMESTAMP takes it: UTC without a zone."""
    return instant.astimezone(UTC).replace(tzinfo=None)
