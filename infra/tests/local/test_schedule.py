"""Which days are due, in every zone; what is started, remembered and tried again."""

import os
import signal
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.definitions import SCHEDULE
from infra.local.schedule.jobs import Job, JobRunner, Patience
from infra.local.schedule.nights import Nights, load_job
from infra.local.schedule.rules import NightlySchedule, due_runs, latest_due
from infra.local.schedule.status import ScheduleStatus
from infra.local.worker_settings import ScheduleSettings
from infra.local.worker_testing import ManualClock, StartWorker, eventually

ZONES = st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"}))
INSTANTS = st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ONE_DAY = timedelta(days=1)


def nightly(
    zone: str, *, hour: int = 0, minute: int = 1, catch_up_days: int = 31
) -> NightlySchedule:
    return NightlySchedule(hour, minute, ZoneInfo(zone), catch_up_days)


def days(first: date, last: date) -> list[date]:
    return [first + at * ONE_DAY for at in range((last - first).days + 1)]


class TestDueRuns:
    def test_a_day_is_due_a_minute_after_its_end_in_the_shops_zone(self) -> None:
        schedule = nightly("Asia/Ho_Chi_Minh")
        yesterday = date(2026, 3, 1)
        due = datetime(2026, 3, 2, 17, 1, tzinfo=UTC)
        assert due_runs(due - timedelta(seconds=1), yesterday, schedule) == []
        assert due_runs(due, yesterday, schedule) == [date(2026, 3, 2)]

    def test_a_day_that_is_done_is_not_due_again(self) -> None:
        now = datetime(2026, 3, 2, 20, tzinfo=UTC)
        assert due_runs(now, date(2026, 3, 2), nightly("Asia/Ho_Chi_Minh")) == []

    def test_missed_days_are_due_oldest_first(self) -> None:
        now = datetime(2026, 3, 5, 12, tzinfo=UTC)
        assert due_runs(now, date(2026, 3, 1), nightly("UTC")) == days(
            date(2026, 3, 2), date(2026, 3, 4)
        )

    def test_after_a_long_downtime_the_latest_days_are_left(self) -> None:
        now = datetime(2026, 3, 31, 12, tzinfo=UTC)
        due = due_runs(now, date(2025, 1, 1), nightly("UTC", catch_up_days=3))
        assert due == days(date(2026, 3, 28), date(2026, 3, 30))

    def test_where_the_clocks_skip_midnight_the_day_is_still_due(self) -> None:
        # In Beirut the clocks went from 0:00 to 1:00 on 29 March 2026.
        due_at = nightly("Asia/Beirut").due_at(date(2026, 3, 28))
        assert due_at == datetime(2026, 3, 28, 22, 1, tzinfo=UTC)

    def test_where_the_time_comes_twice_the_first_counts(self) -> None:
        # In Havana the clocks go from 1:00 back to 0:00 on 1 November 2026.
        due_at = nightly("America/Havana").due_at(date(2026, 10, 31))
        assert due_at == datetime(2026, 11, 1, 4, 1, tzinfo=UTC)

    @given(
        zone=ZONES,
        start=INSTANTS,
        steps=st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=40),
        hour=st.integers(0, 23),
    )
    @example("Pacific/Apia", datetime(2011, 12, 28, tzinfo=UTC), [60] * 40, 0)
    def test_each_date_is_started_once_in_order_and_never_early(
        self, zone: str, start: datetime, steps: list[int], hour: int
    ) -> None:
        schedule = nightly(zone, hour=hour)
        first = latest_due(start, schedule)
        now, last_done, started = start, first, []
        for minutes in steps:
            now += timedelta(minutes=minutes)
            for day in due_runs(now, last_done, schedule):
                assert schedule.due_at(day) <= now
                started.append(day)
                last_done = day
        assert started == days(first + ONE_DAY, latest_due(now, schedule))

    @given(
        zone=ZONES,
        now=INSTANTS,
    )
    def test_the_latest_due_day_is_due_and_the_next_is_not(self, zone: str, now: datetime) -> None:
        schedule = nightly(zone)
        day = latest_due(now, schedule)
        assert schedule.due_at(day) <= now < schedule.due_at(day + ONE_DAY)


class Bench:
    """Nights whose jobs are noted and end as told."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        self.stop = Event()
        self.started: list[str] = []
        self.failing: set[str] = set()
        self.stopped_by: str | None = None
        self._state_file = folder / "state.json"

    def nights(self, *, catch_up_days: int = 31) -> Nights:
        schedule = nightly("UTC", catch_up_days=catch_up_days)
        return Nights(schedule, self._state_file, self._run_job, self.clock)

    def tick(self, nights: Nights | None = None) -> list[str]:
        before = len(self.started)
        (nights or self.nights()).tick(self.stop)
        return self.started[before:]

    def _run_job(self, job: Job) -> bool:
        self.started.append(job.name)
        if job.name == self.stopped_by:
            self.stop.set()
            return False
        return job.name not in self.failing


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def loads(*numbers: int) -> list[str]:
    return [f"daily_load_2026-03-{number:02d}" for number in numbers]


class TestNights:
    def test_a_new_schedule_begins_with_the_next_night(self, bench: Bench) -> None:
        assert bench.tick() == []
        bench.clock.advance(hours=12, minutes=1)
        assert bench.tick() == loads(1)

    def test_a_night_is_started_once_however_often_the_clock_is_looked_at(
        self, bench: Bench
    ) -> None:
        nights = bench.nights()
        bench.clock.advance(days=1)
        assert bench.tick(nights) == loads(1)
        assert bench.tick(nights) == []

    def test_a_day_loaded_by_a_clock_that_was_ahead_is_loaded_again_when_it_is_over(
        self, bench: Bench
    ) -> None:
        nights = bench.nights()
        bench.clock.advance(hours=11, minutes=55)
        bench.clock.set(timedelta(minutes=10))
        assert bench.tick(nights) == loads(1)
        bench.clock.set(timedelta(minutes=-10))
        assert bench.tick(nights) == []
        bench.clock.advance(minutes=6)
        assert bench.tick(nights) == loads(1)
        assert bench.tick(nights) == []

    def test_days_missed_while_it_was_down_are_caught_up(self, bench: Bench) -> None:
        bench.nights()
        bench.clock.advance(days=4)
        assert bench.tick() == loads(1, 2, 3, 4)

    def test_no_more_days_are_caught_up_than_allowed(self, bench: Bench) -> None:
        bench.nights()
        bench.clock.advance(days=4)
        assert bench.tick(bench.nights(catch_up_days=2)) == loads(3, 4)

    def test_a_day_that_fails_does_not_hold_up_the_next_and_is_tried_again(
        self, bench: Bench
    ) -> None:
        bench.nights()
        bench.failing = set(loads(1))
        bench.clock.advance(days=2)
        assert bench.tick() == loads(1, 2)
        assert bench.tick() == []
        bench.failing = set()
        bench.clock.advance(days=1)
        assert bench.tick() == loads(1, 3)
        bench.clock.advance(days=1)
        assert bench.tick() == loads(4)

    def test_a_day_that_keeps_failing_is_forgotten_in_the_end(self, bench: Bench) -> None:
        bench.failing = set(loads(1))
        nights = bench.nights(catch_up_days=2)
        for _ in range(4):
            bench.clock.advance(days=1)
            bench.tick(nights)
        assert bench.started == loads(1, 1, 2, 1, 3, 4)
        assert nights.state.failed_days == []

    def test_a_day_that_a_stop_interrupted_is_started_again(self, bench: Bench) -> None:
        bench.nights()
        bench.clock.advance(days=2)
        [_, bench.stopped_by] = loads(1, 2)
        assert bench.tick() == loads(1, 2)
        bench.stopped_by = None
        bench.stop.clear()
        assert bench.tick() == loads(2)

    def test_its_status_says_what_is_next(self, bench: Bench) -> None:
        status = ScheduleStatus.of(bench.nights(), [], pid=1)
        assert status.last_done == date(2026, 2, 28)
        assert status.next_load == datetime(2026, 3, 2, 0, 1, tzinfo=UTC)
        assert status.loading is None

    def test_the_exporter_is_told_the_day(self) -> None:
        assert load_job(date(2026, 3, 1)).command == (
            sys.executable,
            "-m",
            "exporter",
            "run",
            "--day",
            "2026-03-01",
        )

    def test_the_definitions_decide_unless_a_setting_overrides_them(self, tmp_path: Path) -> None:
        settings = ScheduleSettings(state_folder=tmp_path)
        assert (settings.hour, settings.minute) == (SCHEDULE.hour, SCHEDULE.minute)
        assert settings.timezone == ZoneInfo(SCHEDULE.timezone)


def python(*statements: str) -> Job:
    return Job("job", (sys.executable, "-c", "\n".join(statements)))


def runner(stop: Event, *, retries: int = 0) -> JobRunner:
    return JobRunner(Patience(retries, 0.001, 0.001, grace_seconds=10), stop)


class TestJobRunner:
    def test_a_job_that_ends_well_has_succeeded(self) -> None:
        assert runner(Event())(python("pass"))

    def test_a_job_that_fails_is_started_again_until_it_has_failed_too_often(
        self, tmp_path: Path
    ) -> None:
        marks = tmp_path / "marks"
        job = python(f"open({str(marks)!r}, 'a').write('x')", "raise SystemExit(3)")
        assert not runner(Event(), retries=2)(job)
        assert marks.read_text() == "xxx"

    def test_a_job_that_recovers_has_succeeded(self, tmp_path: Path) -> None:
        mark = tmp_path / "mark"
        job = python(
            "import pathlib",
            f"mark = pathlib.Path({str(mark)!r})",
            "again = mark.exists()",
            "mark.touch()",
            "raise SystemExit(0 if again else 1)",
        )
        assert runner(Event(), retries=1)(job)

    def test_a_stop_ends_the_running_job_and_starts_no_other(self, tmp_path: Path) -> None:
        stop, marks, results = Event(), tmp_path / "marks", list[bool]()
        job = python("import time", f"open({str(marks)!r}, 'a').write('x')", "time.sleep(600)")
        thread = Thread(target=lambda: results.append(runner(stop, retries=5)(job)))
        thread.start()
        eventually(marks.exists)
        stop.set()
        thread.join(20)
        assert results == [False]
        assert marks.read_text() == "x"


@pytest.mark.servers
def test_the_worker_keeps_its_schedule_until_it_is_stopped(
    tmp_path: Path, start_worker: StartWorker
) -> None:
    worker = start_worker("infra.local.schedule", {"SCHEDULE_STATE_FOLDER": str(tmp_path)})
    eventually(lambda: ScheduleStatus.read(tmp_path))
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(seconds=20) == 0
