"""The scheduler: starts the daily load and the recommender's jobs, as EventBridge Scheduler does.

rules       which days are due: a pure function of the time and the last day done
jobs        child processes, tried again when they fail
nights      loads the days that are due, and remembers which are done
recurrence  starts one job at its rate, and remembers its latest run
status      what the worker says about itself; table: the same for people

Nights and recurring jobs have a thread each, as on AWS: a long load does not hold up the refresh.
"""

from infra.local.schedule.status import ScheduleStatus

__all__ = ["ScheduleStatus"]
