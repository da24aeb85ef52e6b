"""How much the outbox holds, said again and again: a relay that hangs does not say it itself."""

from threading import Event
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from fashion_kit.clock import Clock
from fashion_kit.logs import get_logger
from fashion_kit.textfile import Figure, write_textfile
from storefront.database import Sessions, transaction
from storefront.outbox.repository import OutboxRepository
from storefront.settings import RelaySettings

PROGRAM: Final = "relay"
ROWS: Final = Figure("outbox_rows_waiting", "Outbox rows that are not on the stream yet.")
LAG: Final = Figure("outbox_lag_seconds", "Age of the oldest outbox row that waits; 0 if none.")
LOOKED_AT: Final = Figure("outbox_looked_at_timestamp_seconds", "When the outbox was last counted.")

log = get_logger(__name__)


class OutboxWatch:
    """Looks into the outbox at a steady pace, and tells the log and the metrics."""

    def __init__(self, sessions: Sessions, settings: RelaySettings, *, clock: Clock) -> None:
        self._sessions = sessions
        self._pause = settings.outbox_watch_pause.total_seconds()
        self._folder = settings.metrics_folder
        self._clock = clock

    def run(self, stop: Event) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            try:
                self.look()
            except SQLAlchemyError as error:
                log.warning("outbox_not_seen", error=type(error).__name__)
            stop.wait(self._pause)

    def look(self) -> None:
        """Say how much waits now, and for how long."""
        with transaction(self._sessions) as session:
            waiting = OutboxRepository(session).count_waiting()
        now = self._clock()
        lag = waiting.lag(now).total_seconds()
        log.info("outbox_waiting", rows=waiting.rows, lag_seconds=round(lag, 3))
        values = {ROWS: waiting.rows, LAG: lag, LOOKED_AT: now.timestamp()}
        write_textfile(self._folder, PROGRAM, values)
