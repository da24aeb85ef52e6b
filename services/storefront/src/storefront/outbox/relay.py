"""The relay's decisions: what to send, and what of it counts as sent."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, takewhile
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

    Between the two it may die: the rows are sent again, under the same event_id.
    """

    def __init__(
        self, sessions: Sessions, stream: StreamPublisher, settings: RelaySettings, *, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._stream = stream
        self._settings = settings
        self._clock = clock

    def run(self, stop: Event) -> None:
        """Relay until told to stop; what is being sent is finished first."""
        while not stop.is_set():
            if not self._relayed():
                stop.wait(self._settings.relay_poll.total_seconds())

    def relay_batch(self) -> int:
        """Send one batch; return how many rows are now marked as sent."""
        with transaction(self._sessions) as session:
            outbox = OutboxRepository(session)
            rows = _fitting(outbox.lock_waiting(self._settings.relay_batch_size))
            if not rows:
                return 0
            sent = acknowledged(rows, self._stream.put([_record(row) for row in rows]))
            if sent:
                outbox.mark_sent([row.position for row in sent], self._clock())
        log.info("outbox_relayed", sent=len(sent), refused=len(rows) - len(sent))
        return len(sent)

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
