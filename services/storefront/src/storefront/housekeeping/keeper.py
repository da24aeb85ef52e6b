"""The housekeeper: clears what is over every now and then."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Event

from fashion_kit.clock import Clock
from fashion_kit.logs import get_logger
from storefront.database import Sessions, run_in_transaction
from storefront.housekeeping.tasks import Task
from storefront.settings import RelaySettings

log = get_logger(__name__)


Errand = Callable[[], int]
"""Something that others left half done; finishes what it can, and returns how many that were."""


class Housekeeper:
    """Does every task and errand in turn, in short transactions. Several replicas may run."""

    def __init__(
        self,
        sessions: Sessions,
        tasks: Sequence[Task],
        settings: RelaySettings,
        *,
        clock: Clock,
        errands: Mapping[str, Errand] | None = None,
    ) -> None:
        self._sessions = sessions
        self._tasks = tasks
        self._errands = errands or {}
        self._settings = settings
        self._clock = clock

    def run(self, stop: Event) -> None:
        """Clear what is over, again and again, until told to stop."""
        while not stop.is_set():
            self.clear(stop)
            stop.wait(self._settings.housekeeping_pause.total_seconds())

    def clear(self, stop: Event) -> dict[str, int]:
        """Do every task until nothing is left; return how many were cleared in each that went."""
        cleared = {}
        chores: dict[str, Errand] = {one.name: partial(self._do, one, stop) for one in self._tasks}
        for name, do in (chores | dict(self._errands)).items():
            try:
                cleared[name] = do()
            except Exception as error:  # noqa: BLE001 - the other tasks and the relay go on
                log.warning("housekeeping_failed", task=name, error=type(error).__name__)
        log.info("housekeeping_done", **cleared)
        return cleared

    def _do(self, task: Task, stop: Event) -> int:
        before = self._clock() - task.kept
        limit = self._settings.housekeeping_batch_size
        total = 0
        while not stop.is_set():
            cleared = run_in_transaction(
                self._sessions,
                lambda session: task.clear(session, before, limit),
                attempts=self._settings.transaction_attempts,
            )
            total += cleared
            if cleared < limit:
                break
        return total
