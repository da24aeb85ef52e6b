"""The schedule as `make status` shows it: the last and the next run of each job."""

from datetime import datetime

from rich.table import Table

from infra.local.schedule.status import JobStatus, ScheduleStatus

_OUTCOMES = {
    True: "[green]succeeded[/]",
    False: "[red]failed[/]",
    None: "[dim]not run yet[/]",
}


def schedule_table(status: ScheduleStatus) -> Table:
    """Return a row for the daily load and for each recurring job."""
    table = Table("job", "last run", "outcome", "next run")
    failed = ", ".join(str(day) for day in status.failed_days)
    outcome = f"[red]failed: {failed}[/]" if failed else _OUTCOMES[True]
    table.add_row(
        "daily load",
        f"day {status.last_done}",
        "running" if status.loading else outcome,
        _told(status.next_load),
    )
    for job in status.jobs:
        table.add_row(job.name, _last_run(job), _outcome(job), _told(job.next_at))
    return table


def _last_run(job: JobStatus) -> str:
    run = job.last_run
    if run.ended_at is None:
        return ""
    return f"{_told(run.began_at)}, {(run.ended_at - run.began_at).total_seconds():.0f} s"


def _outcome(job: JobStatus) -> str:
    return "running" if job.is_running else _OUTCOMES[job.last_run.has_succeeded]


def _told(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
