"""The events of one business day: from the landing zone's lines, each event once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import ValidationError

from exporter.events.landing import BadLine, LandingZone
from exporter.events.lines import Line, lines_of
from fashion_contracts.events import Interaction
from fashion_contracts.landing import hour_prefixes

LONGEST_REASON = 200


@dataclass
class IntakeCounts:
    """What became of the lines: lines = kept + duplicates + of_other_days + bad."""

    lines: int = 0
    kept: int = 0
    duplicates: int = 0
    of_other_days: int = 0
    bad: int = 0


@dataclass
class EventsOfDay:
    """Reads the events that the server received in [start, end).

    The delivery stream files an object under the hour in which it was delivered, which may be
    later than the hour in which its events were received: `late_hours` are searched as well.
    """

    landing: LandingZone
    start: datetime
    end: datetime
    late_hours: int
    seen: set[str]
    counts: IntakeCounts = field(default_factory=IntakeCounts)

    def batches(self) -> Iterator[list[Interaction]]:
        """Yield the day's events, object by object; what is no event is kept as a bad line."""
        last = self.end + timedelta(hours=self.late_hours)
        folders = list(hour_prefixes(self.start, last))
        for key, payload in self.landing.objects(folders):
            events: list[Interaction] = []
            bad: list[BadLine] = []
            for line in lines_of(payload):
                self.counts.lines += 1
                parsed = parse(key, line)
                if isinstance(parsed, BadLine):
                    bad.append(parsed)
                elif self._is_wanted(parsed):
                    events.append(parsed)
            if bad:
                self.counts.bad += len(bad)
                self.landing.keep_bad(key, bad)
            self.counts.kept += len(events)
            yield events

    def _is_wanted(self, event: Interaction) -> bool:
        if not self.start <= event.received_at < self.end:
            self.counts.of_other_days += 1
            return False
        if event.event_id in self.seen:
            self.counts.duplicates += 1
            return False
        self.seen.add(event.event_id)
        return True


def parse(key: str, line: Line) -> Interaction | BadLine:
    """Return the line's event, or why it is none."""
    if line.fault is not None:
        return BadLine(key, line.number, line.fault, "")
    try:
        return Interaction.from_record(line.content)
    except ValidationError as error:
        reason = _reason(error)
    except OverflowError:
        # The first and last hours that a datetime can hold have no UTC equivalent.
        reason = "an instant out of range"
    raw = line.content.decode(errors="backslashreplace")
    return BadLine(key, line.number, reason, raw)


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}"[:LONGEST_REASON].removeprefix(": ")
