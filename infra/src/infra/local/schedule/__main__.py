"""`python -m infra.local.schedule`: start the daily load and the recurring jobs until SIGTERM."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Event

from fashion_kit import logs
from fashion_kit.clock import utc_now
from infra.definitions import BUILD, REFRESH
from infra.local.locks import exclusive
from infra.local.schedule.jobs import Job, JobRunner, Patience
from infra.local.schedule.nights import Nights
from infra.local.schedule.recurrence import Recurrence
from infra.local.schedule.rules import NightlySchedule
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
    patience = Patience(
        settings.maximum_retry_attempts,
        settings.retry_first_seconds,
        settings.retry_longest_seconds,
        settings.grace_seconds,
    )
    nights = build_nights(settings, JobRunner(patience, stop))
    # The next run of a recurring job is soon enough to be its retry.
    recurrences = build_recurrences(settings, JobRunner(replace(patience, retries=0), stop))
    ticks = {"nights": nights.tick} | {job.name: job.tick for job in recurrences}
    hold_signals()
    work_until_stopped(
        {
            name: partial(_repeat, tick, stop, seconds=settings.tick_seconds)
            for name, tick in ticks.items()
        },
        stop,
        report=lambda: ScheduleStatus.of(nights, recurrences, pid=os.getpid()).write(
            settings.state_folder
        ),
    )


def build_nights(settings: ScheduleSettings, run_job: JobRunner) -> Nights:
    """Return the daily load as the settings time it."""
    nightly = NightlySchedule(
        settings.hour, settings.minute, settings.timezone, settings.catch_up_days
    )
    return Nights(nightly, settings.state_folder / "state.json", run_job, utc_now)


def build_recurrences(settings: ScheduleSettings, run_job: JobRunner) -> list[Recurrence]:
    """Return the recurring jobs at the rates of the settings."""
    seconds = {BUILD: settings.build_every_seconds, REFRESH: settings.refresh_every_seconds}
    return [
        Recurrence(
            Job(f"model_{job.name}", (sys.executable, "-m", *job.command)),
            timedelta(seconds=every),
            settings.state_folder / f"{job.name}.json",
            run_job,
            utc_now,
        )
        for job, every in seconds.items()
    ]


def _repeat(tick: Callable[[Event], None], stop: Event, *, seconds: float) -> None:
    """Look at the clock again and again until a stop is asked for."""
    while not stop.is_set():
        tick(stop)
        stop.wait(seconds)


if __name__ == "__main__":
    main()
