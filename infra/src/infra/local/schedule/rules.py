"""Which runs are due: pure functions of the time and of what is done."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fashion_kit.clock import day_of

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class NightlySchedule:
    """When the day that has just ended is loaded, and how many missed days are caught up."""

    hour: int
    minute: int
    timezone: ZoneInfo
    catch_up_days: int

    def due_at(self, day: date) -> datetime:
        """Return the instant at which a business day is due: on the next date, at its time.

        Where the clocks skip that time, it is due as much after midnight as ever; where they show
        it twice, the first time counts. So each date has exactly one instant.
        """
        local = datetime.combine(
            day + _ONE_DAY, time(self.hour, self.minute, fold=0), self.timezone
        )
        return local.astimezone(UTC)


def latest_due(now: datetime, schedule: NightlySchedule) -> date:
    """Return the latest business day that is due at the instant."""
    # A zone's clocks may have been turned over midnight, so that its date is a day further than
    # its due times: begin with the date itself and go back.
    day = day_of(now, schedule.timezone) + _ONE_DAY
    while schedule.due_at(day) > now:
        day -= _ONE_DAY
    return day


def due_runs(now: datetime, last_done: date, schedule: NightlySchedule) -> list[date]:
    """Return the business days that are due and not done, oldest first, each once.

    After a long downtime only the latest `catch_up_days` of them are left.
    """
    latest = latest_due(now, schedule)
    count = min((latest - last_done).days, schedule.catch_up_days)
    return [latest - back * _ONE_DAY for back in reversed(range(max(count, 0)))]
