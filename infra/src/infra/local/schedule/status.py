"""What the scheduler says about itself."""

from datetime import date, datetime

from infra.local.schedule.scheduler import Scheduler
from infra.local.workers import Status


class ScheduleStatus(Status):
    """What `make status` reads."""

    running: str | None
    """The job that runs now."""
    last_done: date
    """The latest business day that was loaded or given up."""
    failed_days: list[date]
    """Days that were given up and will be tried again."""
    last_build: datetime
    """When the model was built last, or the schedule began."""
    next_load: datetime
    """When the next business day is due."""

    @classmethod
    def of(cls, scheduler: Scheduler, *, pid: int) -> "ScheduleStatus":
        """Return the scheduler's status."""
        state = scheduler.state
        return cls(
            pid=pid,
            running=scheduler.running,
            last_done=state.last_done,
            failed_days=state.failed_days,
            last_build=state.last_build,
            next_load=scheduler.next_load,
        )
