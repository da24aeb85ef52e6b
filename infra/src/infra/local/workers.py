"""What the workers have in common: signals, threads, patience, and a status file."""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Protocol, Self, TypeVar

from pydantic import BaseModel

from fashion_kit.logs import get_logger
from infra.local.checkpoints import replace_file
from infra.local.shards import AWS_ERRORS

STATUS_FILE = "status.json"
_STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
_SIGNALS = _STOP_SIGNALS | {signal.SIGUSR1}
_STATUS_SECONDS = 0.2

Answer = TypeVar("Answer")

log = get_logger(__name__)


class WorkerCrashedError(Exception):
    """Raised when a thread of a worker ended by an error that nobody foresaw."""

    def __init__(self, thread: str) -> None:
        super().__init__(f"The thread {thread} ended by an error; the log has it.")


class Status(BaseModel):
    """What a worker says about itself; the file exists as soon as the worker takes signals."""

    pid: int

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the latest status of the worker whose state lies in the folder."""
        path = folder / STATUS_FILE
        return cls.model_validate_json(path.read_bytes()) if path.exists() else None

    def write(self, folder: Path) -> None:
        """Replace the status that others read."""
        content = self.model_dump_json(indent=2).encode()
        replace_file(folder / STATUS_FILE, content, durable=False)


class Retries(Protocol):
    """The settings of a worker that say how long it waits before it tries again."""

    @property
    def retry_first_seconds(self) -> float:
        """Return the wait after the first failure."""
        ...

    @property
    def retry_longest_seconds(self) -> float:
        """Return the longest wait."""
        ...


class Backoff:
    """Waits longer after each failure in a row, and not at all once it is told to stop."""

    def __init__(self, stop: Event, *, first_seconds: float, longest_seconds: float) -> None:
        self._stop = stop
        self._first = first_seconds
        self._longest = longest_seconds
        self._failures = 0

    @classmethod
    def of(cls, settings: Retries, stop: Event) -> Self:
        """Return one that waits as long as the worker's settings say."""
        return cls(
            stop,
            first_seconds=settings.retry_first_seconds,
            longest_seconds=settings.retry_longest_seconds,
        )

    def wait(self) -> None:
        """Wait after a failure."""
        seconds = min(self._first * 2 ** min(self._failures, 16), self._longest)
        self._failures += 1
        self._stop.wait(seconds)

    def reset(self) -> None:
        """Note a success: the next failure waits only a little."""
        self._failures = 0


def ask_until_answered(call: Callable[[], Answer]) -> Answer:
    """Call AWS until it answers: a worker may start before what it reads exists."""
    backoff = Backoff(Event(), first_seconds=0.1, longest_seconds=2)
    while True:
        try:
            return call()
        except AWS_ERRORS as error:
            log.warning("waiting_for_aws", error=str(error))
            backoff.wait()


def hold_signals() -> None:
    """Keep the signals we take for the main thread; call it before any thread is started."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def release_signals() -> None:
    """Undo `hold_signals` in a child process, which would otherwise not hear them."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def work_until_stopped(
    threads: Mapping[str, Callable[[], None]],
    stop: Event,
    *,
    report: Callable[[], None],
    on_user_signal: Callable[[], None] = lambda: None,
) -> None:
    """Run the named threads until SIGTERM or SIGINT, reporting the status all the while.

    A thread that ends by an error ends the worker with it: half a worker would look healthy.
    """
    crashed: list[str] = []

    def guarded(name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("worker_thread_crashed", thread=name)
            crashed.append(name)
            stop.set()

    running = [Thread(target=guarded, args=item, name=item[0]) for item in threads.items()]
    for thread in running:
        thread.start()
    _take_signals(stop, report, on_user_signal)
    for thread in running:
        thread.join()
    report()
    if crashed:
        raise WorkerCrashedError(crashed[0])


def _take_signals(
    stop: Event, report: Callable[[], None], on_user_signal: Callable[[], None]
) -> None:
    while not stop.is_set():
        report()
        taken = signal.sigtimedwait(_SIGNALS, _STATUS_SECONDS)
        if taken is None:
            continue
        if taken.si_signo in _STOP_SIGNALS:
            log.info("worker_stopping")
            stop.set()
        else:
            on_user_signal()
