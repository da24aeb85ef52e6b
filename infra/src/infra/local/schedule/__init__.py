"""The scheduler: starts the daily load and the model build, as EventBridge Scheduler does.

rules      which days are due: a pure function of the time and the last day done
jobs       one child process at a time, tried again when it fails
scheduler  the loop over both, and what it remembers
status     what the worker says about itself
"""

from infra.local.schedule.status import ScheduleStatus

__all__ = ["ScheduleStatus"]
