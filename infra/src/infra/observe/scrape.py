"""The figures of the whole running shop at one moment, and between two of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from fashion_kit.clock import Clock
from infra.local.environments import METRICS
from infra.local.state import StackState
from infra.observe.endpoint import PATH, workers_text

WORKERS = "workers"
"""What all processes without a port are called together."""
_TIMEOUT_SECONDS = 2.0

Labels = frozenset[tuple[str, str]]
Values = Mapping[tuple[str, Labels], float]


@dataclass(frozen=True)
class Snapshot:
    """What each source said at a moment; None of one that did not answer."""

    at: datetime
    values: Mapping[str, Values | None]


@dataclass(frozen=True)
class Window:
    """What happened at one source between two snapshots."""

    seconds: float
    before: Values
    after: Values

    def now(self, name: str, **labels: str) -> float | None:
        """Return a value as it is now; None if it is not told."""
        return self.after.get((name, frozenset(labels.items())))

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the values as they are now, by one label."""
        return {
            dict(labels)[label]: value
            for (found, labels), value in self.after.items()
            if found == name and label in dict(labels)
        }

    def grown(self, name: str, **wanted: str) -> float:
        """Return by how much counters grew, added up over all other labels."""
        return sum(self._grown(key) for key in self._keys(name, wanted))

    def grown_by(self, name: str, label: str) -> dict[str, float]:
        """Return by how much counters grew, by one label."""
        sums: dict[str, float] = {}
        for key in self._keys(name, {}):
            value = dict(key[1]).get(label)
            if value is not None:
                sums[value] = sums.get(value, 0) + self._grown(key)
        return sums

    def quantile(
        self, name: str, share: float, label: str = "", among: Collection[str] = ()
    ) -> float | None:
        """Return the bound below which a share of a histogram's new values lie; None of none.

        With a label, only the series count in which it is among the given.

        Between two bounds values are taken to lie evenly, as Prometheus' histogram_quantile does.
        """
        counts: dict[float, float] = {}
        for key in self._keys(f"{name}_bucket", {}):
            labels = dict(key[1])
            if label and labels[label] not in among:
                continue
            bound = float(labels["le"])
            counts[bound] = counts.get(bound, 0) + self._grown(key)
        return _quantile(sorted(counts.items()), share)

    def _keys(self, name: str, wanted: Mapping[str, str]) -> Iterator[tuple[str, Labels]]:
        items = wanted.items()
        return (key for key in self.after if key[0] == name and items <= dict(key[1]).items())

    def _grown(self, key: tuple[str, Labels]) -> float:
        grown = self.after[key] - self.before.get(key, 0.0)
        # A process that began anew counts from nothing.
        return grown if grown >= 0 else self.after[key]


def snapshot(folder: Path, *, clock: Clock) -> Snapshot | None:
    """Return what the shop whose state lies in the folder says now; None if it is not up."""
    state = StackState.read(folder)
    if state is None:
        return None
    texts = {
        process.name: _scraped(f"{process.url}{PATH}")
        for process in state.processes
        if process.url is not None and process.name != "aws"
    }
    texts[WORKERS] = workers_text(folder, folder / METRICS)
    values = {name: None if text is None else values_of(text) for name, text in texts.items()}
    return Snapshot(clock(), values)


def window(name: str, after: Snapshot, before: Snapshot | None, began: datetime) -> Window | None:
    """Return what happened at a source since `before`, or since it began; None if it is silent."""
    values = after.values.get(name)
    if values is None:
        return None
    known = before.values.get(name) if before is not None else None
    since = before.at if before is not None else began
    return Window(max((after.at - since).total_seconds(), 1e-3), known or {}, values)


def values_of(text: str) -> Values:
    """Return the samples of a text in Prometheus' format."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _scraped(url: str) -> str | None:
    try:
        answer = httpx.get(url, timeout=_TIMEOUT_SECONDS)
    except httpx.TransportError:
        return None
    return answer.text if answer.is_success else None


def _quantile(cumulative: Iterable[tuple[float, float]], share: float) -> float | None:
    buckets = list(cumulative)
    total = buckets[-1][1] if buckets else 0
    if total == 0:
        return None
    low, below, rank = 0.0, 0.0, share * total
    for bound, count in buckets:
        if count >= rank:
            if bound == inf:
                return low
            return low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return low
