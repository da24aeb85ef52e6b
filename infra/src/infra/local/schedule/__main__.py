"""`python -m infra.local.schedule`: start the nightly load and the hourly build until SIGTERM."""

import os
from datetime import timedelta
from threading import Event

from fashion_kit import logs
from fashion_kit.clock import utc_now
from infra.local.locks import exclusive
from infra.local.schedule.jobs import JobRunner, Patience
from infra.local.schedule.rules import NightlySchedule
from infra.local.schedule.scheduler import Scheduler
from infra.local.schedule.status import ScheduleStatus
from infra.local.worker_settings import ScheduleSettings
from infra.local.workers import hold_signals, work_until_stopped


def main() -> None:
    """Read the settings and keep the schedule; a second scheduler waits for the first to end."""
    settings = ScheduleSettings()
    logs.configure(settings.log_level, settings.log_format, service="schedule")
    with exclusive(settings.state_folder / "schedule.lock"):
        _keep(settings)


def _keep(settings: ScheduleSettings) -> None:
    stop = Event()
    scheduler = build(settings, stop)
    hold_signals()
    work_until_stopped(
        {"schedule": lambda: scheduler.run(stop, tick_seconds=settings.tick_seconds)},
        stop,
        report=lambda: ScheduleStatus.of(scheduler, pid=os.getpid()).write(settings.state_folder),
    )


def build(settings: ScheduleSettings, stop: Event) -> Scheduler:
    """Return the scheduler that the settings describe."""
    nightly = NightlySchedule(
        settings.hour, settings.minute, settings.timezone, settings.catch_up_days
    )
    patience = Patience(
        settings.maximum_retry_attempts,
        settings.retry_first_seconds,
        settings.retry_longest_seconds,
        settings.grace_seconds,
    )
    return Scheduler(
        nightly,
        timedelta(seconds=settings.build_every_seconds),
        settings.state_folder / "state.json",
        JobRunner(patience, stop),
        utc_now,
    )


if __name__ == "__main__":
    main()
