"""Stages a day's events and its bad lines, and marks what it meets of earlier days."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from exporter.events.clean import event as clean_event
from exporter.events.duplicates import known_ids
from exporter.events.intake import EventsOfDay, IntakeCounts
from exporter.events.landing import LandingZone
from exporter.events.late_ledger import LateMarks
from exporter.events.retention import retained_bad_events, retained_events
from exporter.lake.erasure import Erasures
from exporter.lake.erasure_ledger import ErasureRecords
from exporter.lake.iceberg import Lake
from exporter.lake.staging import StagedTable
from exporter.lake.tables import as_batch
from exporter.privacy import Pseudonyms
from fashion_contracts.lake import BAD_EVENTS, EVENTS, Table
from fashion_kit.clock import day_interval, day_of

Batches = Iterable[pa.RecordBatch]
Watch = Callable[[Table, Batches], Batches]
"""Looks at a table's batches as they pass."""


@dataclass(frozen=True)
class EventRules:
    """What a day is, and how long and how far we look for its events."""

    timezone: ZoneInfo
    early_hours: int
    late_hours: int
    clock_slack: timedelta
    lookup_rows: int


@dataclass(frozen=True)
class EventStage:
    """Brings the landing zone's events to the lake: each once, on the day it was received."""

    landing: LandingZone
    lake: Lake
    late: LateMarks
    erasures: ErasureRecords
    pseudonyms: Pseudonyms
    rules: EventRules

    def stage(self, day: date, watch: Watch) -> tuple[list[StagedTable], IntakeCounts]:
        """Stage the day's events and bad lines; return them and what became of the lines."""
        intake = EventsOfDay(
            self.landing,
            day,
            day_interval(day, self.rules.timezone),
            (self.rules.early_hours, self.rules.late_hours),
            self.late.objects(day),
        )
        erasures = self.erasures.read()
        rows = chain(self._new_rows(intake, erasures), retained_events(self.lake, intake, erasures))
        events = self.lake.stage(EVENTS, watch(EVENTS, rows), day)
        bad_rows = chain(intake.bad, retained_bad_events(self.lake, intake))
        bad = self.lake.stage(BAD_EVENTS, watch(BAD_EVENTS, bad_rows), day)
        self._mark_late(intake)
        return [events, bad], intake.counts

    def _new_rows(self, intake: EventsOfDay, erasures: Erasures) -> Iterator[pa.RecordBatch]:
        """Yield the day's rows that no other day has."""
        for rows in _gathered(self._rows(intake, erasures), self.rules.lookup_rows):
            known = known_ids(self.lake, rows, self.rules.clock_slack, except_day=intake.day)
            new = rows.filter(pc.invert(pc.is_in(rows.column("event_id"), value_set=known)))
            intake.counts.leave_out(duplicates=rows.num_rows - new.num_rows)
            yield from new.to_batches()

    def _rows(self, intake: EventsOfDay, erasures: Erasures) -> Iterator[pa.RecordBatch]:
        """Yield the day's rows, those of erased people left out."""
        for events in intake.batches():
            rows = as_batch(
                EVENTS, [clean_event(event, self.pseudonyms, intake.day) for event in events]
            )
            left = erasures.apply(EVENTS, rows)
            intake.counts.leave_out(erased=rows.num_rows - left.num_rows)
            yield left

    def _mark_late(self, intake: EventsOfDay) -> None:
        """Mark the objects with events of earlier days that no day of the lake has."""
        keys: dict[date, set[str]] = {}
        for rows in _gathered(intake.earlier, self.rules.lookup_rows):
            known = known_ids(self.lake, rows, self.rules.clock_slack)
            missing = rows.filter(pc.invert(pc.is_in(rows.column("event_id"), value_set=known)))
            for row in missing.select(["received_at", "source_key"]).to_pylist():
                day = day_of(row["received_at"], self.rules.timezone)
                keys.setdefault(day, set()).add(row["source_key"])
                late = intake.counts.late
                late[str(day)] = late.get(str(day), 0) + 1
        for day, source_keys in keys.items():
            self.late.mark(day, source_keys)


def _gathered(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Yield the batches as tables of about so many rows."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.num_rows
        if count >= rows:
            yield pa.Table.from_batches(waiting)
            waiting, count = [], 0
    if count:
        yield pa.Table.from_batches(waiting)
