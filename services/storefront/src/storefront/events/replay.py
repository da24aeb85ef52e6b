"""The second judgement: rejected events under today's rules, and the good ones on the stream."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from fashion_kit.batcher import Refused
from fashion_kit.clock import Clock
from fashion_kit.tokens import Identity
from storefront.dependencies import Role
from storefront.events.dialects import canonical
from storefront.events.judging import ANONYMOUS_PREFIX, Judge, RejectedEvent
from storefront.events.repository import BadEventObject, BadEventRepository
from storefront.events.schemas import BadEvent
from storefront.stream import MAX_RECORDS, StreamPublisher, StreamRecord, in_batches


@dataclass
class ReplayReport:
    """What became of the rejected events."""

    read: int = 0
    good: int = 0
    refused: int = 0
    """Good, but the stream did not take them; they stay."""


@dataclass
class _Waiting:
    records: list[StreamRecord] = field(default_factory=list)
    places: list[tuple[BadEventObject, int]] = field(default_factory=list)


class Replay:
    """Judges a day's rejected events again.

    An event leaves `bad/` only when the stream has it. Who dies in between sends it once more,
    under the same event_id.
    """

    def __init__(
        self,
        bad_events: BadEventRepository,
        stream: StreamPublisher,
        judge: Judge,
        *,
        clock: Clock,
        is_dry: bool = False,
    ) -> None:
        self._bad_events = bad_events
        self._stream = stream
        self._judge = judge
        self._clock = clock
        self._is_dry = is_dry

    def run(self, day: date, hours: Iterable[int]) -> ReplayReport:
        """Replay the hours; return the counts. A dry run only counts."""
        report = ReplayReport()
        waiting = _Waiting()
        for hour in hours:
            for found in self._bad_events.objects(day, hour):
                report.read += len(found.events)
                for place, event in found.events.items():
                    if (record := self._record(event)) is not None:
                        report.good += 1
                        waiting.records.append(record)
                        waiting.places.append((found, place))
                if len(waiting.records) >= MAX_RECORDS:
                    report.refused += self._send(waiting)
                    waiting = _Waiting()
        report.refused += self._send(waiting)
        return report

    def _record(self, event: BadEvent) -> StreamRecord | None:
        identity = _identity(event.owner)
        raw = canonical(event.raw, identity)
        try:
            # By the clock of then: its own times are of then, too.
            good = self._judge.judge(raw, identity, event.received_at)
        except RejectedEvent:
            return None
        # To the lake it comes today.
        return StreamRecord.of(good.model_copy(update={"received_at": self._clock()}))

    def _send(self, waiting: _Waiting) -> int:
        if self._is_dry:
            return 0
        answers = [
            answer for batch in in_batches(waiting.records) for answer in self._stream.put(batch)
        ]
        for found, settled in _settled(waiting.places, answers).values():
            self._bad_events.settle(found, settled)
        return sum(isinstance(answer, Refused) for answer in answers)


def _settled(
    places: Sequence[tuple[BadEventObject, int]], answers: Sequence[str | Refused]
) -> dict[str, tuple[BadEventObject, set[int]]]:
    settled: dict[str, tuple[BadEventObject, set[int]]] = {}
    for (found, place), answer in zip(places, answers, strict=True):
        if not isinstance(answer, Refused):
            settled.setdefault(found.key, (found, set()))[1].add(place)
    return settled


def _identity(owner: str | None) -> Identity | None:
    if owner is None:
        return None
    is_guest = owner.startswith(ANONYMOUS_PREFIX)
    return Identity(owner, Role.ANONYMOUS if is_guest else Role.CUSTOMER)
