"""The gate between the rows and the lake: it watches them pass, and says whether they may in."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock

import pyarrow as pa

from exporter.errors import BrokenRule, QualityError
from exporter.quality.checks import Values
from exporter.quality.rules import RULES, Interval, Rule
from fashion_contracts.lake import Table

SHOWN_KEYS = 5


class Gate:
    """Checks the rules on all rows of one load; tables may come interleaved, batch by batch."""

    def __init__(
        self,
        day: Interval,
        *,
        rules: Sequence[Rule] = RULES,
        on_rows: Callable[[str, int], None] = lambda _table, _rows: None,
    ) -> None:
        self._checks = [(rule, rule.check(day)) for rule in rules if rule.check is not None]
        self._broken: dict[str, BrokenRule] = {}
        self._on_rows = on_rows
        self._lock = Lock()

    def watch(self, table: Table, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass the batches on; raise QualityError only at one that could not be written."""
        self._on_rows(table.name, 0)
        for batch in batches:
            yield self.see(table, batch)

    def see(self, table: Table, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Look at one batch and return it."""
        # Two tables may be written by two threads, and some rules look at both.
        with self._lock:
            self._look_at(table, batch)
        self._on_rows(table.name, batch.num_rows)
        return batch

    def close(self) -> None:
        """Raise QualityError if a rule was broken; to be called when all rows have passed."""
        for rule, check in self._checks:
            self._note(rule, check.end())
        self._raise_if_broken()

    def _look_at(self, table: Table, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        for rule, check in self._checks:
            if table in (rule.table, rule.other):
                self._note(rule, check.see(table.name, batch))
                if rule.is_fatal:
                    self._raise_if_broken(rule.name)

    def _note(self, rule: Rule, wrong: Values) -> None:
        if not len(wrong):
            return
        known = self._broken.get(rule.name, BrokenRule(rule.name, 0, ()))
        keys = [key for key in wrong[:SHOWN_KEYS].to_pylist() if key is not None]
        shown = tuple(dict.fromkeys((*known.keys, *keys)))[:SHOWN_KEYS]
        self._broken[rule.name] = BrokenRule(rule.name, known.rows + len(wrong), shown)

    def _raise_if_broken(self, name: str | None = None) -> None:
        if self._broken and (name is None or name in self._broken):
            raise QualityError(list(self._broken.values()))
