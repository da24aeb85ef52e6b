"""Jobs at a rate: when each is started, what is remembered, and what `make status` shows."""

import sys
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from infra.definitions import BUILD, RECURRING_JOBS, REFRESH, RecurringJob
from infra.local.schedule.__main__ import build_recurrences
from infra.local.schedule.jobs import Job, JobRunner, Patience, RunJob
from infra.local.schedule.recurrence import LastRun, Recurrence
from infra.local.schedule.status import JobStatus, ScheduleStatus
from infra.local.schedule.table import schedule_table
from infra.local.worker_settings import ScheduleSettings
from infra.local.worker_testing import NOON, ManualClock, eventually

JOB = Job("model_refresh", ("never", "started"))
FIVE_MINUTES = timedelta(minutes=5)


class TestDefinitions:
    @pytest.mark.parametrize(
        ("every", "expression"),
        [
            (timedelta(minutes=1), "rate(1 minute)"),
            (timedelta(minutes=5), "rate(5 minutes)"),
            (timedelta(minutes=90), "rate(90 minutes)"),
            (timedelta(hours=1), "rate(1 hour)"),
            (timedelta(days=1), "rate(24 hours)"),
        ],
    )
    def test_a_rate_is_told_as_eventbridge_reads_it(
        self, every: timedelta, expression: str
    ) -> None:
        assert RecurringJob("job", ("a", "b"), every, "Does it.").expression == expression

    def test_the_model_is_built_hourly_and_refreshed_every_five_minutes(self) -> None:
        assert (BUILD.expression, REFRESH.expression) == ("rate(1 hour)", "rate(5 minutes)")

    def test_the_local_schedule_runs_the_same_commands_at_the_same_rates(
        self, tmp_path: Path
    ) -> None:
        settings = ScheduleSettings(state_folder=tmp_path)
        found = build_recurrences(settings, JobRunner(Patience(0, 0, 0, 0), Event()))
        assert [job.next_at - job.last_run.began_at for job in found] == [
            job.every for job in RECURRING_JOBS
        ]
        assert [job.name for job in found] == ["model_build", "model_refresh"]

    def test_a_setting_overrides_a_rate(self, tmp_path: Path) -> None:
        settings = ScheduleSettings(state_folder=tmp_path, refresh_every_seconds=60)
        [_, refresh] = build_recurrences(settings, JobRunner(Patience(0, 0, 0, 0), Event()))
        assert refresh.next_at - refresh.last_run.began_at == timedelta(minutes=1)


class Bench:
    """A job at a rate whose runs are noted, take as long as told, and end as told."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.stop = Event()
        self.started: list[datetime] = []
        self.takes = timedelta()
        self.succeeds = True
        self.is_stopped_meanwhile = False
        self._state_file = folder / "refresh.json"

    def recurrence(self, run_job: RunJob | None = None) -> Recurrence:
        return Recurrence(JOB, FIVE_MINUTES, self._state_file, run_job or self._run, self.clock)

    def _run(self, job: Job) -> bool:
        self.started.append(self.clock())
        self.clock.now += self.takes
        if self.is_stopped_meanwhile:
            self.stop.set()
            return False
        return self.succeeds


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


class TestRecurrence:
    def test_it_is_started_when_its_interval_has_passed_and_not_before(self, bench: Bench) -> None:
        job = bench.recurrence()
        for _ in range(10):
            bench.clock.advance(minutes=1)
            job.tick(bench.stop)
        assert bench.started == [NOON + FIVE_MINUTES, NOON + 2 * FIVE_MINUTES]

    def test_runs_missed_while_it_was_down_become_one(self, bench: Bench) -> None:
        bench.recurrence()
        bench.clock.advance(days=2)
        job = bench.recurrence()
        job.tick(bench.stop)
        job.tick(bench.stop)
        assert len(bench.started) == 1
        assert job.next_at == NOON + timedelta(days=2) + FIVE_MINUTES

    def test_a_run_longer_than_its_interval_is_followed_by_one_run(self, bench: Bench) -> None:
        job = bench.recurrence()
        bench.takes = timedelta(minutes=17)
        bench.clock.advance(minutes=5)
        job.tick(bench.stop)
        bench.takes = timedelta()
        job.tick(bench.stop)
        job.tick(bench.stop)
        assert bench.started == [NOON + FIVE_MINUTES, NOON + timedelta(minutes=22)]

    def test_a_run_that_failed_is_tried_again_at_the_next_time(self, bench: Bench) -> None:
        job = bench.recurrence()
        bench.succeeds = False
        bench.clock.advance(minutes=5)
        job.tick(bench.stop)
        job.tick(bench.stop)
        assert bench.started == [NOON + FIVE_MINUTES]
        assert job.last_run.has_succeeded is False
        bench.succeeds = True
        bench.clock.advance(minutes=5)
        job.tick(bench.stop)
        assert job.last_run.has_succeeded is True

    def test_a_run_that_a_stop_interrupted_is_started_again(self, bench: Bench) -> None:
        job = bench.recurrence()
        bench.clock.advance(minutes=5)
        bench.is_stopped_meanwhile = True
        job.tick(bench.stop)
        job.tick(bench.stop)
        assert len(bench.started) == 1
        bench.is_stopped_meanwhile = False
        bench.stop.clear()
        bench.recurrence().tick(bench.stop)
        assert len(bench.started) == 2

    def test_its_latest_run_outlives_a_restart(self, bench: Bench) -> None:
        job = bench.recurrence()
        bench.takes = timedelta(seconds=3)
        bench.clock.advance(minutes=5)
        job.tick(bench.stop)
        assert bench.recurrence().last_run == LastRun(
            began_at=NOON + FIVE_MINUTES,
            ended_at=NOON + FIVE_MINUTES + timedelta(seconds=3),
            has_succeeded=True,
        )

    def test_a_clock_that_was_ahead_puts_no_run_off(self, bench: Bench) -> None:
        job = bench.recurrence()
        bench.clock.set(timedelta(days=1))
        job.tick(bench.stop)
        bench.clock.set(timedelta(days=-1))
        job.tick(bench.stop)
        assert bench.started == [NOON + timedelta(days=1), NOON]
        job.tick(bench.stop)
        assert len(bench.started) == 2
        assert job.next_at == NOON + FIVE_MINUTES

    # Each run is put on the disk, which takes as long as the disk does.
    @settings(max_examples=40)
    @given(
        runs=st.lists(st.integers(0, 1000), min_size=1, max_size=20),
        waits=st.lists(st.integers(1, 1000), min_size=1, max_size=30),
    )
    def test_starts_are_never_closer_than_the_interval_and_never_overlap(
        self, tmp_path_factory: pytest.TempPathFactory, runs: list[int], waits: list[int]
    ) -> None:
        bench = Bench(tmp_path_factory.mktemp("recurrence"))
        ends: list[datetime] = []

        def run(job: Job) -> bool:
            assert not ends or bench.clock() >= ends[-1]
            bench.started.append(bench.clock())
            bench.clock.advance(seconds=runs[len(ends) % len(runs)])
            ends.append(bench.clock())
            return True

        job = bench.recurrence(run)
        for wait in waits:
            bench.clock.advance(seconds=wait)
            job.tick(bench.stop)
        starts = [NOON, *bench.started]
        assert all(b - a >= FIVE_MINUTES for a, b in pairwise(starts))

    def test_it_says_that_it_runs_while_it_runs(self, bench: Bench, tmp_path: Path) -> None:
        """A stand-in for the command: it runs until somebody ends it."""
        mark = tmp_path / "mark"
        program = f"import time; open({str(mark)!r}, 'w').close(); time.sleep(600)"
        job = Recurrence(
            Job("stand_in", (sys.executable, "-c", program)),
            FIVE_MINUTES,
            tmp_path / "stand_in.json",
            JobRunner(Patience(0, 0, 0, grace_seconds=10), bench.stop),
            bench.clock,
        )
        bench.clock.advance(minutes=5)
        thread = Thread(target=job.tick, args=(bench.stop,))
        thread.start()
        eventually(mark.exists)
        is_running = [job.is_running]
        bench.stop.set()
        thread.join(20)
        is_running.append(job.is_running)
        assert is_running == [True, False]
        assert job.last_run.ended_at is None


class TestTable:
    def test_it_shows_the_last_and_the_next_run_of_each(self) -> None:
        status = ScheduleStatus(
            pid=1,
            loading=None,
            last_done=date(2025, 12, 31),
            failed_days=[date(2025, 12, 30)],
            next_load=NOON + timedelta(hours=5),
            jobs=[
                JobStatus(
                    name="model_build",
                    is_running=False,
                    last_run=LastRun(
                        began_at=NOON, ended_at=NOON + timedelta(seconds=7), has_succeeded=False
                    ),
                    next_at=NOON + timedelta(hours=1),
                ),
                JobStatus(
                    name="model_refresh",
                    is_running=False,
                    last_run=LastRun(began_at=NOON),
                    next_at=NOON + FIVE_MINUTES,
                ),
            ],
        )
        console = Console(width=120)
        with console.capture() as captured:
            console.print(schedule_table(status))
        rows = [line for line in captured.get().splitlines() if "UTC" in line]
        cells = [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]
        assert cells == [
            ["daily load", "day 2025-12-31", "failed: 2025-12-30", "2026-01-01 17:00 UTC"],
            ["model_build", "2026-01-01 12:00 UTC, 7 s", "failed", "2026-01-01 13:00 UTC"],
            ["model_refresh", "", "not run yet", "2026-01-01 12:05 UTC"],
        ]
