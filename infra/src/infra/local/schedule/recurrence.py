"""A job at a steady rate: never twice at once, and runs that were missed are not made up for."""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from pydantic import BaseModel

from fashion_kit.clock import Clock
from infra.local.checkpoints import replace_file
from infra.local.schedule.jobs import Job, RunJob


class LastRun(BaseModel):
    """What is remembered of a recurring job."""

    began_at: datetime
    """When the latest run began; before the first one, when the schedule did."""
    ended_at: datetime | None = None
    """When it ended; null before the first run."""
    has_succeeded: bool | None = None
    """How it ended; null before the first run."""


class Recurrence:
    """Starts one job whenever its interval has passed since the latest start."""

    def __init__(
        self, job: Job, every: timedelta, state_file: Path, run_job: RunJob, clock: Clock
    ) -> None:
        self.name = job.name
        self.is_running = False
        self._job = job
        self._every = every
        self._state_file = state_file
        self._run_job = run_job
        self._clock = clock
        self.last_run = self._load()

    @property
    def next_at(self) -> datetime:
        """Return when the next run is due; one that takes longer than that is waited for."""
        return self.last_run.began_at + self._every

    def tick(self, stop: Event) -> None:
        """Run the job if it is due; a run that a stop interrupted is due again."""
        began = self._clock()
        if stop.is_set() or not self._is_due(began):
            return
        self.is_running = True
        try:
            has_succeeded = self._run_job(self._job)
        finally:
            self.is_running = False
        if has_succeeded or not stop.is_set():
            ended = self._clock()
            self._save(LastRun(began_at=began, ended_at=ended, has_succeeded=has_succeeded))

    def _is_due(self, now: datetime) -> bool:
        """Say whether the interval has passed.

        A run that began later than now was noted by a clock that was ahead, and tells nothing.
        """
        return not self.last_run.began_at <= now < self.next_at

    def _load(self) -> LastRun:
        """Return what is remembered; whoever makes a new shop also builds its first model."""
        if self._state_file.exists():
            return LastRun.model_validate_json(self._state_file.read_bytes())
        return self._save(LastRun(began_at=self._clock()))

    def _save(self, last_run: LastRun) -> LastRun:
        replace_file(self._state_file, last_run.model_dump_json().encode(), durable=True)
        self.last_run = last_run
        return last_run
