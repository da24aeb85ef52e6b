"""The relay's decisions: what to send, and what of it counts as sent."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, islice, takewhile
from threading import Event

from sqlalchemy.exc import SQLAlchemyError

from fashion_kit.batcher import Refused
from fashion_kit.clock import Clock
from fashion_kit.errors import TransientError
from fashion_kit.logs import get_logger
from storefront.database import Sessions, transaction
from storefront.models import OutboxEvent
from storefront.outbox.repository import OutboxRepository
from storefront.settings import RelaySettings
from storefront.stream import MAX_BYTES, StreamPublisher, StreamRecord

log = get_logger(__name__)


class Relay:
    """Sends the outbox's rows to the stream, and only then marks them.

    Between the two it may die: the rows are sent again, under the same event_id. Several may run.
    Each holds some lanes while it sends what waits in them; all that is a shopper's is in one lane,
    so no two ever send one shopper's events at once.
    """

    def __init__(
        self, sessions: Sessions, stream: StreamPublisher, settings: RelaySettings, *, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._stream = stream
        self._settings = settings
        self._clock = clock
        self._last_lane = -1
        self._held_back: dict[int, set[str]] = {}

    def run(self, stop: Event) -> None:
        """Relay until told to stop; what is being sent is finished first."""
        while not stop.is_set():
            if not self._relayed():
                stop.wait(self._settings.relay_poll.total_seconds())

    def relay_batch(self) -> int:
        """Send one batch; return how many rows are now marked as sent."""
        with transaction(self._sessions) as session:
            outbox = OutboxRepository(session)
            outbox.end_if_silent(self._settings.relay_silence)
            rows = _fitting(self._read(outbox, self._lock_lanes(outbox)))
            if not rows:
                return 0
            self._last_lane = rows[-1].lane
            sent = acknowledged(rows, self._stream.put([_record(row) for row in rows]))
            if sent:
                outbox.mark_sent([row.position for row in sent], self._clock())
        self._hold_back(rows, sent)
        log.info("outbox_relayed", sent=len(sent), refused=len(rows) - len(sent))
        return len(sent)

    def _lock_lanes(self, outbox: OutboxRepository) -> list[int]:
        # From where the last batch ended, so that a lane that always has something keeps no other
        # from its turn.
        lanes = outbox.waiting_lanes()
        after = [lane for lane in lanes if lane > self._last_lane]
        in_turn = after + [lane for lane in lanes if lane <= self._last_lane]
        count = min(self._settings.relay_lanes, self._settings.relay_batch_size)
        return list(islice(filter(outbox.lock_lane, in_turn), count))

    def _read(self, outbox: OutboxRepository, lanes: Sequence[int]) -> Sequence[OutboxEvent]:
        rows: list[OutboxEvent] = []
        for lanes_left, lane in zip(range(len(lanes), 0, -1), lanes, strict=True):
            share = (self._settings.relay_batch_size - len(rows)) // lanes_left
            refused = self._held_back.pop(lane, ())
            found = refused and outbox.waiting(lane, share, besides=refused)
            rows += found or outbox.waiting(lane, share)
        return rows

    def _hold_back(self, rows: Sequence[OutboxEvent], sent: Sequence[OutboxEvent]) -> None:
        """Let the others in their lanes go first next time, if shoppers' rows were refused."""
        positions = {row.position for row in sent}
        for row in rows:
            if row.position not in positions:
                self._held_back.setdefault(row.lane, set()).add(row.partition_key)

    def _relayed(self) -> bool:
        try:
            return self.relay_batch() > 0
        except (SQLAlchemyError, TransientError) as error:
            log.warning("outbox_relay_failed", error=type(error).__name__)
            return False


def acknowledged(
    rows: Iterable[OutboxEvent], answers: Iterable[str | Refused]
) -> list[OutboxEvent]:
    """Return the rows that count as sent: none after a refused one of the same shopper.

    What was taken after a refused row is sent again behind it, so the order comes right.
    """
    held_back: set[str] = set()
    sent = []
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, Refused):
            held_back.add(row.partition_key)
        elif row.partition_key not in held_back:
            sent.append(row)
    return sent


def _record(row: OutboxEvent) -> StreamRecord:
    return StreamRecord(row.partition_key, row.payload.encode())


def _fitting(rows: Sequence[OutboxEvent]) -> Sequence[OutboxEvent]:
    weights = accumulate(_record(row).weight for row in rows)
    return rows[: sum(1 for _ in takewhile(lambda weight: weight <= MAX_BYTES, weights))]
