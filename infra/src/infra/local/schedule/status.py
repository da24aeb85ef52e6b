"""What the scheduler says about itself."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel

from infra.local.schedule.nights import Nights
from infra.local.schedule.recurrence import LastRun, Recurrence
from infra.local.workers import Status


class JobStatus(BaseModel):
    """How it stands with one recurring job."""

    name: str
    is_running: bool
    last_run: LastRun
    next_at: datetime
    """When the next run is due."""


class ScheduleStatus(Status):
    """What `make status` reads."""

    loading: str | None
    """The daily load that runs now."""
    last_done: date
    """The latest business day that was loaded or given up."""
    failed_days: list[date]
    """Days that were given up and will be tried again."""
    next_load: datetime
    """When the next business day is due."""
    jobs: list[JobStatus]
    """The jobs that run at a rate."""

    @classmethod
    def of(cls, nights: Nights, recurrences: Sequence[Recurrence], *, pid: int) -> "ScheduleStatus":
        """Return the scheduler's status."""
        return cls(
            pid=pid,
            loading=nights.running,
            last_done=nights.state.last_done,
            failed_days=nights.state.failed_days,
            next_load=nights.next_load,
            jobs=[
                JobStatus(
                    name=job.name,
                    is_running=job.is_running,
                    last_run=job.last_run,
                    next_at=job.next_at,
                )
                for job in recurrences
            ],
        )
