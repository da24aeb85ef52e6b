"""What a visit leaves behind, and what many visits add up to."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from math import ceil
from typing import Any

from loadtest.returns import Acquaintance
from loadtest.uplift import VisitOutcome, uplift

_ERRORS_SHOWN = 50


@dataclass(frozen=True)
class PurchaseMade:
    """A purchase the shop confirmed."""

    id: str
    user_id: str
    total: Decimal
    lines: int
    attempts: int
    """How often it was asked for under its key until the answer came."""


@dataclass(frozen=True)
class ErrorSeen:
    """An answer that nobody should get: its status, and the problem in its body."""

    endpoint: str
    status: int
    body: Any


@dataclass(frozen=True)
class RejectedEvent:
    """An event the shop took but did not accept."""

    event_id: str
    reason: str


@dataclass
class VisitReport:
    """What one visit did, and what came of it. Reports of visits add up."""

    visits: int = 0
    registrations: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How long people waited for each answer that they kept, by endpoint (see `wire.Wire.send`)."""
    milliseconds_at: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The same by the second of `perf_counter` for which the requests were meant."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Answers by endpoint and status, as `GET /products 200`."""
    retries: Counter[str] = field(default_factory=Counter)
    connection_errors: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    """What a shop may well say no to, by problem, as `out-of-stock`."""
    accepted_event_ids: list[str] = field(default_factory=list)
    rejected_events: list[RejectedEvent] = field(default_factory=list)
    unsent_events: int = 0
    late_events: int = 0
    """Of the events sent: those that happened long before."""
    malformed_events: int = 0
    """Events that nobody may take, sent on purpose."""
    malformed_refused: list[RejectedEvent] = field(default_factory=list)
    """Those of them that the shop said no to."""
    late_event_ids: list[str] = field(default_factory=list)
    """Of the accepted events: those that happened long before."""
    hung_up: int = 0
    """Requests that were sent again because their sender had not waited for the answer."""
    after_hanging_up: Counter[str] = field(default_factory=Counter)
    """What they came to in the end, as `POST /events 202`; together they are `hung_up`."""
    lateness_ms: list[float] = field(default_factory=list)
    """How much later than meant each visit began: the load generator's own delay."""
    begun_at: Counter[int] = field(default_factory=Counter)
    """For which second of `perf_counter` visits were meant to begin."""
    ended_at: Counter[int] = field(default_factory=Counter)
    """In which second of `perf_counter` visits ended."""
    answered_at: Counter[int] = field(default_factory=Counter)
    """In which second of `perf_counter` people had the answers that they kept."""
    acquaintances: Counter[str] = field(default_factory=Counter)
    """Visits by since when the shop knows who comes (see `returns`)."""
    first_looks: Counter[str] = field(default_factory=Counter)
    """Visits that were shown recommendations, the same way."""
    first_look_sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What was shown at a visit's first look, the same way and by where the picks came from:
    `this_visit`, `earlier_visit`, or what knows nothing of the person, as `trending`."""
    outcomes: list[VisitOutcome] = field(default_factory=list)
    filled_carts: int = 0
    """Visits in which something was put in the cart."""
    abandoned_carts: int = 0
    """Those of them that were left without buying."""
    picks_shown: int = 0
    picks_clicked: int = 0
    purchases: list[PurchaseMade] = field(default_factory=list)
    undecided_purchases: int = 0
    """Orders of which no answer tells whether they were placed."""
    repeated_purchases: Counter[str] = field(default_factory=Counter)
    """Orders that were sent again under their key, by how they were answered in the end:
    `replayed` (it had been decided before), `first answer` (it had not), or `no answer`."""
    errors: list[ErrorSeen] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Return how many requests were sent, answered or not."""
        return sum(self.statuses.values()) + sum(self.connection_errors.values()) + self.hung_up

    @property
    def failures(self) -> int:
        """Return how many answers were unexpected or never came."""
        return len(self.errors) + sum(self.connection_errors.values()) + self.malformed_taken

    @property
    def malformed_taken(self) -> int:
        """Return how many malformed events were not refused."""
        return self.malformed_events - len(self.malformed_refused)

    def note_wait(self, endpoint: str, began: float, ended: float) -> None:
        """Note a wait between two instants of `perf_counter`."""
        milliseconds = (ended - began) * 1000
        self.milliseconds[endpoint].append(milliseconds)
        self.milliseconds_at[int(began)].append(milliseconds)
        self.answered_at[int(ended)] += 1

    def add(self, other: "VisitReport") -> None:
        """Add another report's counts and lists to this one's."""
        for name in self.__dataclass_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, dict):
                for endpoint, durations in theirs.items():
                    mine[endpoint].extend(durations)
            else:
                setattr(self, name, mine + theirs)

    @property
    def error_share(self) -> float:
        """Return the share of requests with an answer that nobody should get, or with none."""
        broken = len(self.errors) + sum(self.connection_errors.values())
        return broken / max(self.requests, 1)

    def timeline(self) -> list[dict[str, float]]:
        """Return for each second of the run how many requests were meant for it, and their time."""
        first = min(self.milliseconds_at, default=0)
        return [
            {"second": second - first, **summarise(times)}
            for second, times in sorted(self.milliseconds_at.items())
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON: counts, percentiles, and at most some of the errors."""
        return {
            "visits": self.visits,
            "registrations": self.registrations,
            "requests": self.requests,
            "steps": dict(sorted(self.steps.items())),
            "endpoints": {name: summarise(times) for name, times in self.milliseconds.items()},
            "statuses": dict(sorted(self.statuses.items())),
            "retries": dict(self.retries),
            "connection_errors": dict(self.connection_errors),
            "refusals": dict(self.refusals),
            "events_accepted": len(self.accepted_event_ids),
            "events_rejected": [vars(event) for event in self.rejected_events[:_ERRORS_SHOWN]],
            "events_unsent": self.unsent_events,
            "events_late": self.late_events,
            "events_malformed": self.malformed_events,
            "events_malformed_refused": len(self.malformed_refused),
            "events_malformed_reasons": dict(Counter(e.reason for e in self.malformed_refused)),
            "events_late_taken": len(self.late_event_ids),
            "requests_hung_up": self.hung_up,
            "after_hanging_up": dict(sorted(self.after_hanging_up.items())),
            "returns": self._returns(),
            "lateness": summarise(self.lateness_ms),
            "uplift": uplift(self.outcomes),
            "picks_shown": self.picks_shown,
            "picks_clicked": self.picks_clicked,
            "purchases": len(self.purchases),
            "undecided_purchases": self.undecided_purchases,
            "repeated_purchases": dict(self.repeated_purchases),
            "filled_carts": self.filled_carts,
            "abandoned_carts": self.abandoned_carts,
            "revenue": str(sum((p.total for p in self.purchases), Decimal(0))),
            "error_share": self.error_share,
            "malformed_events_taken": self.malformed_taken,
            "lateness_p99_ms": summarise(self.lateness_ms)["p99_ms"],
            "timeline": self.timeline(),
            "error_count": len(self.errors),
            "errors": [vars(error) for error in self.errors[:_ERRORS_SHOWN]],
        }

    def _returns(self) -> dict[str, Any]:
        """Return how many came back from when, and whence their first recommendations came."""
        return {
            known: {
                "visits": self.acquaintances[known],
                "first_looks": self.first_looks[known],
                "first_picks": {
                    source: count
                    for (of, source), count in sorted(self.first_look_sources.items())
                    if of == known
                },
            }
            for known in Acquaintance
        }


@dataclass
class CrowdReport:
    """What a whole crowd did."""

    seconds: float
    shoppers: int
    total: VisitReport
    """All visits' reports in one."""
    origin: float = 0.0
    """When it began, by `perf_counter`."""
    arriving_seconds: float | None = None
    """For how long people came; None: as long as it took."""

    def throughput(self) -> dict[str, float]:
        """Return figures that compare runs at different rates.

        The rates are over the time in which people come: what begins, or is meant to, in it, and
        what ends in it. Where the shop does not keep up, the second falls behind the first.
        """
        total = self.total
        waits = sorted(chain.from_iterable(total.milliseconds.values()))
        meant = {second: len(times) for second, times in total.milliseconds_at.items()}
        return {
            "visits_offered_per_second": self._per_second(total.begun_at),
            "visits_ended_per_second": self._per_second(total.ended_at),
            "requests_offered_per_second": self._per_second(meant),
            "requests_answered_per_second": self._per_second(total.answered_at),
            "p50_ms": round(percentile(waits, 50), 1),
            "p99_ms": round(percentile(waits, 99), 1),
            "error_share": round(total.error_share, 6),
            "lateness_p99_ms": summarise(total.lateness_ms)["p99_ms"],
        }

    def _per_second(self, counts: Mapping[int, int]) -> float:
        seconds = self.seconds if self.arriving_seconds is None else self.arriving_seconds
        ends = self.origin + seconds
        counted = sum(n for second, n in counts.items() if self.origin - 1 < second < ends)
        return round(counted / max(seconds, 0.001), 2)

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "seconds": round(self.seconds, 1),
            "shoppers": self.shoppers,
            "throughput": self.throughput(),
            "requests_per_second": round(self.total.requests / max(self.seconds, 0.001), 1),
            **self.total.to_dict(),
        }


def summarise(milliseconds: list[float]) -> dict[str, float]:
    """Return count, p50, p95, p99 and the longest."""
    ordered = sorted(milliseconds)
    return {
        "count": len(ordered),
        "p50_ms": round(percentile(ordered, 50), 1),
        "p95_ms": round(percentile(ordered, 95), 1),
        "p99_ms": round(percentile(ordered, 99), 1),
        "max_ms": round(ordered[-1], 1) if ordered else 0.0,
    }


def percentile(ordered: list[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the ordered values do not exceed."""
    if not ordered:
        return 0.0
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]
