"""The events of one business day: from the landing zone's lines, each event once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from exporter.events.landing import BadLine, LandingZone, hour_of
from exporter.events.lines import lines_of
from exporter.events.parsing import parse
from exporter.lake.tables import arrow_schema, as_batch
from fashion_contracts.events import Interaction
from fashion_contracts.lake import BAD_EVENTS, EVENTS
from fashion_contracts.landing import hour_prefixes

# What is kept of an event of an earlier day until the lake was asked for it.
EARLIER = pa.schema(
    [
        *(arrow_schema(EVENTS).field(name) for name in ("event_id", "event_time", "received_at")),
        arrow_schema(BAD_EVENTS).field("source_key"),
    ]
)


@dataclass
class IntakeCounts:
    """What became of the lines: lines = kept + duplicates + of_other_days + bad + erased.

    Rows are kept + retained of events, bad + bad_retained of bad ones.
    """

    lines: int = 0
    kept: int = 0
    duplicates: int = 0
    of_other_days: int = 0
    """Events of other days, and bad lines that another day counts."""
    bad: int = 0
    erased: int = 0
    """Events of people who asked to be forgotten."""
    retained: int = 0
    """Events that the lake has of the day and the landing zone has no more."""
    bad_retained: int = 0
    """Bad lines that the lake has of the day, and whose objects the landing zone has no more."""
    late: dict[str, int] = field(default_factory=dict)
    """Of the other days' events, those of each earlier day that the lake did not have."""

    def leave_out(self, *, duplicates: int = 0, erased: int = 0) -> None:
        """Count kept events as something else, because of what was found out about them later."""
        self.kept -= duplicates + erased
        self.duplicates += duplicates
        self.erased += erased

    def by_fate(self) -> dict[str, int]:
        """Return how many lines became what."""
        fates = ("kept", "duplicates", "of_other_days", "bad", "erased")
        return {fate: getattr(self, fate) for fate in fates}

    def totals(self) -> dict[str, Decimal]:
        """Return the counts by which the load is checked, named as the reconciliation does."""
        return {
            "events.rows": Decimal(self.kept + self.retained),
            "bad_events.rows": Decimal(self.bad + self.bad_retained),
        }


@dataclass
class EventsOfDay:
    """Reads the events that the server received on a day, and finds those of earlier days.

    The delivery stream files an object under the hour in which it was delivered, which may be
    later than the hour in which its events were received, or earlier by its own clock than by the
    server's: the hours `around` the day, before and after it, are searched as well, and the objects
    that are marked for the day.
    """

    landing: LandingZone
    day: date
    interval: tuple[datetime, datetime]
    around: tuple[int, int]
    marked: Sequence[str] = ()
    counts: IntakeCounts = field(default_factory=IntakeCounts)
    bad: list[pa.RecordBatch] = field(default_factory=list)
    """The bad lines of the objects that were delivered in the day's own hours."""
    earlier: list[pa.RecordBatch] = field(default_factory=list)
    """Events of earlier days, as `EARLIER` describes them."""
    seen: set[str] = field(default_factory=set)
    """Ids of the day's events in the landing zone."""
    objects: set[str] = field(default_factory=set)
    """Keys of what was read."""

    def batches(self) -> Iterator[list[Interaction]]:
        """Yield the day's events, object by object; what is no event is kept as a bad line."""
        start, end = self.interval
        before, after = (timedelta(hours=hours) for hours in self.around)
        folders = list(hour_prefixes(start - before, end + after))
        for key, payload in self.landing.objects(folders, self.marked):
            self.objects.add(key)
            # What was delivered before the day began is found by the days of then.
            is_noted = hour_of(key) >= start
            events: list[Interaction] = []
            earlier: list[Interaction] = []
            bad: list[BadLine] = []
            for line in lines_of(payload):
                self.counts.lines += 1
                parsed = parse(key, line)
                if isinstance(parsed, BadLine):
                    bad.append(parsed)
                elif start <= parsed.received_at < end:
                    events.append(parsed)
                elif parsed.received_at < start and is_noted:
                    earlier.append(parsed)
                else:
                    self.counts.of_other_days += 1
            self._keep_bad(key, bad)
            self._note_earlier(key, earlier)
            yield [event for event in events if self._is_new(event)]

    def counts_bad_lines_of(self, key: str) -> bool:
        """Return whether an object's bad lines are this day's."""
        start, end = self.interval
        return start <= hour_of(key) < end

    def _is_new(self, event: Interaction) -> bool:
        if event.event_id in self.seen:
            self.counts.duplicates += 1
            return False
        self.seen.add(event.event_id)
        self.counts.kept += 1
        return True

    def _keep_bad(self, key: str, bad: list[BadLine]) -> None:
        if not bad:
            return
        self.landing.keep_bad(key, bad)
        if not self.counts_bad_lines_of(key):
            self.counts.of_other_days += len(bad)
            return
        self.counts.bad += len(bad)
        rows: list[dict[str, object]] = [
            {
                "source_key": line.source_key,
                "line_number": line.line_number,
                "reason": line.reason,
                "business_day": self.day,
            }
            for line in bad
        ]
        self.bad.append(as_batch(BAD_EVENTS, rows))

    def _note_earlier(self, key: str, events: list[Interaction]) -> None:
        self.counts.of_other_days += len(events)
        rows = [
            {
                "event_id": event.event_id,
                "event_time": event.event_time,
                "received_at": event.received_at,
                "source_key": key,
            }
            for event in events
        ]
        self.earlier.append(pa.RecordBatch.from_pylist(rows, schema=EARLIER))
