"""The nights: each business day that has ended is loaded once."""

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event

from pydantic import BaseModel

from fashion_kit.clock import Clock
from fashion_kit.logs import get_logger
from infra.local.checkpoints import replace_file
from infra.local.schedule.jobs import Job, RunJob
from infra.local.schedule.rules import NightlySchedule, due_runs, latest_due

log = get_logger(__name__)


class NightsState(BaseModel):
    """What the scheduler remembers."""

    last_done: date
    """The latest business day that was loaded, or given up; also where the schedule began."""
    failed_days: list[date] = []
    """Days that were given up; they are tried again in the next night."""


class Nights:
    """Loads the days that are due, one after the other."""

    def __init__(
        self,
        nightly: NightlySchedule,
        state_file: Path,
        run_job: RunJob,
        clock: Clock,
    ) -> None:
        self._nightly = nightly
        self._state_file = state_file
        self._run_job = run_job
        self._clock = clock
        self.state = self._load()
        self.running: str | None = None

    @property
    def next_load(self) -> datetime:
        """Return when the next business day is due."""
        return self._nightly.due_at(self.state.last_done + timedelta(days=1))

    def tick(self, stop: Event) -> None:
        """Load what is due now; what was interrupted by a stop is due again."""
        for day in self._days_to_load():
            is_loaded = self._start(load_job(day))
            if stop.is_set() and not is_loaded:
                return
            self._note_day(day, is_loaded=is_loaded)

    def _start(self, job: Job) -> bool:
        self.running = job.name
        try:
            return self._run_job(job)
        finally:
            self.running = None

    def _days_to_load(self) -> list[date]:
        """Return the days that are due; the first new one brings back those that had failed."""
        now = self._clock()
        self._take_back(latest_due(now, self._nightly))
        due = due_runs(now, self.state.last_done, self._nightly)
        if not due:
            return []
        left_out = (due[0] - self.state.last_done).days - 1
        if left_out:
            log.error("days_left_out", count=left_out, before=due[0].isoformat())
        return [day for day in self.state.failed_days if day < due[0]] + due

    def _take_back(self, latest: date) -> None:
        """Take back what a clock that was ahead has noted: a day is not done before it is over."""
        if self.state.last_done > latest:
            log.warning("nights_taken_back", after=latest.isoformat())
            self._save(self.state.model_copy(update={"last_done": latest}))

    def _note_day(self, day: date, *, is_loaded: bool) -> None:
        last_done = max(self.state.last_done, day)
        oldest = last_done - timedelta(days=self._nightly.catch_up_days)
        failed = {other for other in self.state.failed_days if other > oldest} - {day}
        if not is_loaded:
            failed.add(day)
        changes = {"last_done": last_done, "failed_days": sorted(failed)}
        self._save(self.state.model_copy(update=changes))

    def _load(self) -> NightsState:
        """Return the state; a new schedule begins with the next night, as on AWS."""
        if self._state_file.exists():
            return NightsState.model_validate_json(self._state_file.read_bytes())
        return self._save(NightsState(last_done=latest_due(self._clock(), self._nightly)))

    def _save(self, state: NightsState) -> NightsState:
        replace_file(self._state_file, state.model_dump_json().encode(), durable=True)
        self.state = state
        return state


def load_job(day: date) -> Job:
    """Return the job that loads one business day into the lake."""
    command = (sys.executable, "-m", "exporter", "run", "--day", day.isoformat())
    return Job(f"daily_load_{day.isoformat()}", command)
