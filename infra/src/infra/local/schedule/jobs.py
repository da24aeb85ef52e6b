"""Jobs: child processes, started again after a wait when they fail."""

import ctypes
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from fashion_kit.logs import get_logger
from infra.local.workers import Backoff, release_signals

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.1
_libc = ctypes.CDLL(None)

RunJob = Callable[["Job"], bool]
"""Runs a job to its end, retries included; says whether it succeeded."""

log = get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """A command, and the name by which the log speaks of it."""

    name: str
    command: Sequence[str]


@dataclass(frozen=True)
class Patience:
    """How often a failed job is started again, and how long it is waited before that."""

    retries: int
    first_seconds: float
    longest_seconds: float
    grace_seconds: float


class JobRunner:
    """Runs a job in the environment that the scheduler was given."""

    def __init__(self, patience: Patience, stop: Event) -> None:
        self._patience = patience
        self._stop = stop

    def __call__(self, job: Job) -> bool:
        """Run the job until it succeeds, has failed too often, or a stop is asked for."""
        backoff = Backoff(
            self._stop,
            first_seconds=self._patience.first_seconds,
            longest_seconds=self._patience.longest_seconds,
        )
        for attempt in range(1, self._patience.retries + 2):
            log.info("job_started", job=job.name, attempt=attempt)
            exit_code = self._run_once(job)
            if exit_code == 0:
                log.info("job_succeeded", job=job.name, attempt=attempt)
                return True
            if self._stop.is_set():
                break
            log.warning("job_failed", job=job.name, attempt=attempt, exit_code=exit_code)
            if attempt <= self._patience.retries:
                backoff.wait()
        log.error("job_not_done", job=job.name)
        return False

    def _run_once(self, job: Job) -> int:
        child = subprocess.Popen(
            job.command, stdin=subprocess.DEVNULL, preexec_fn=_hear_signals_and_end_with_parent
        )
        while child.poll() is None:
            if self._stop.wait(_POLL_SECONDS):
                child.terminate()
                return self._reap(child)
        return child.returncode

    def _reap(self, child: "subprocess.Popen[bytes]") -> int:
        try:
            return child.wait(self._patience.grace_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()


def _hear_signals_and_end_with_parent() -> None:
    release_signals()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
