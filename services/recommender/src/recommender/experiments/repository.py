"""The landing zone's events, read for what followed from an experiment's answers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from recommender.experiments.queries import IMPRESSIONS
from recommender.experiments.schemas import Impression, Outcome

_ROWS_AT_ONCE: Final = 10_000
_OUTCOMES: Final = {
    "list_click": Outcome.CLICK,
    "product_view": Outcome.CLICK,
    "add_to_cart": Outcome.CART,
    "purchase": Outcome.PURCHASE,
}


class ImpressionsRepository:
    """Reads impressions from files of the landing zone."""

    def __init__(self, files: Sequence[Path], *, attribution_window: timedelta) -> None:
        self._files = files
        self._attribution_window = attribution_window

    def read(self, experiment: str, *, since: datetime) -> Iterator[Impression]:
        """Yield each answer that a shopper saw, with what followed from it."""
        if not self._files:
            return
        parameters = {
            "files": [str(file) for file in self._files],
            "since": since.astimezone(UTC).replace(tzinfo=None),
            "experiment": experiment,
            "attribution_window": self._attribution_window,
        }
        # What does not fit into memory goes beside the files, not beside whoever started us.
        spill = str(self._files[0].parent / "spill")
        with duckdb.connect(config={"temp_directory": spill}) as connection:
            rows = connection.execute(IMPRESSIONS, parameters)
            while some := rows.fetchmany(_ROWS_AT_ONCE):
                for shopper_id, recommendation_id, places, types in some:
                    outcomes = frozenset(_OUTCOMES[name] for name in types or ())
                    clicked = tuple(sorted(places or ()))
                    yield Impression(shopper_id, recommendation_id, clicked, outcomes)
