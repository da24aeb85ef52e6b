"""How many answers were personal: counted with each answer, logged from time to time."""

from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter

from fashion_contracts.picks import Pick, Source
from fashion_kit.logs import get_logger

PERSONAL: Final = frozenset({Source.SESSION, Source.USER})

_ANSWERS: Final = Counter(
    "picks_answers", "Answers with picks, by where the first is from.", ["source"]
)
# Made beforehand: so each is there from the start, and none is looked up with an answer.
_BY_SOURCE: Final = {source: _ANSWERS.labels(str(source)) for source in Source}

log = get_logger(__name__)


class PicksTally:
    """Counts answers; one whose first pick is not personal is a fallback, as those go first."""

    def __init__(self) -> None:
        self._served = 0
        self._fallback = 0

    def note(self, picks: Sequence[Pick]) -> None:
        """Count an answer."""
        if not picks:
            return
        source = picks[0].source
        _BY_SOURCE[source].inc()
        self._served += 1
        self._fallback += source not in PERSONAL

    def tell(self) -> None:
        """Log how many answers there were since the last time, and how many were fallbacks.

        CloudWatch makes metrics of the line's fields: their names are a promise.
        """
        served, fallback = self._served, self._fallback
        self._served = self._fallback = 0
        log.info("picks_served", served=served, fallback=fallback)
