"""The run ledger: which days were loaded when, by which run, and with which counts and sums.

Every run writes one object for each state it reaches, under a name of its own, and none is ever
changed: `ledger/business_day=2026-11-22/state=loaded/<run id>.json`. So two runs cannot spoil one
another's entry, a run that died shows as started and never ended, and the names alone tell which
days are loaded. What the quality gate kept out is listed under `quarantine/` in the same way.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from exporter.errors import BrokenRule
from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "ledger/"
QUARANTINE = "quarantine/"
_KEY = re.compile(rf"^{PREFIX}business_day=([0-9-]{{10}})/state=([a-z]+)/([0-9A-Z]{{26}})\.json$")


class RunState(StrEnum):
    """How far a run came."""

    STARTED = "started"
    LOADED = "loaded"
    """The whole day is in the lake."""
    PARTIAL = "partial"
    """What there was of a day that had not ended yet is in the lake."""
    FAILED = "failed"

    @property
    def has_published(self) -> bool:
        """Return whether a run that ended so has changed the lake."""
        return self in {RunState.LOADED, RunState.PARTIAL}


@dataclass(frozen=True)
class Run:
    """One run of the daily load."""

    id: str
    day: date
    started_at: datetime


@dataclass(frozen=True)
class LatestRun:
    """The latest run of a day, and how far it came."""

    id: str
    day: date
    state: RunState


class Ledger:
    """The ledger's folder in the clean bucket."""

    def __init__(self, s3: "S3Client", bucket: str, *, clock: Clock, new_id: IdFactory) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._new_id = new_id

    def start(self, day: date) -> Run:
        """Open a run of the day."""
        run = Run(self._new_id(), day, self._clock())
        self._write(run, RunState.STARTED, {})
        return run

    def end(self, run: Run, state: RunState, details: Mapping[str, Any]) -> None:
        """Close a run with what came of it."""
        self._write(run, state, {"finished_at": self._clock().isoformat(), **details})

    def quarantine(self, run: Run, broken: Sequence[BrokenRule], files: Sequence[str]) -> None:
        """Keep which rules the run's rows break, and in which files no reader sees they lie."""
        listed = {"run_id": run.id, "rules": [asdict(rule) for rule in broken], "files": files}
        self._put(f"{QUARANTINE}business_day={run.day}/{run.id}.json", listed)

    def quarantined_files(self, since: datetime) -> frozenset[str]:
        """Return the files that were listed in quarantine since an instant, by S3's clock."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=QUARANTINE
        )
        young = (
            item["Key"]
            for page in pages
            for item in page.get("Contents", ())
            if item["LastModified"] >= since
        )
        return frozenset(path for key in young for path in self._read(key)["files"])

    def loaded_days(self) -> list[date]:
        """Return the days whose latest run loaded all of them, in order.

        A day whose latest run failed, died or came before the day's end is not among them.
        """
        return [run.day for run in self.latest_runs() if run.state is RunState.LOADED]

    def latest_run(self, day: date) -> LatestRun | None:
        """Return the latest run of a day, if it ever had one."""
        return next(iter(self._latest_of(day)), None)

    def latest_runs(self) -> list[LatestRun]:
        """Return the latest run of each day, in the order of the days."""
        return self._latest_of(None)

    def details(self, run: LatestRun) -> dict[str, Any]:
        """Return what a run left in the ledger when it came to its state."""
        return self._read(_key(run.day, run.state, run.id))

    def _latest_of(self, day: date | None) -> list[LatestRun]:
        latest: dict[date, tuple[str, set[str]]] = {}
        for found, state, run_id in self._entries(day):
            known_id, states = latest.get(found, ("", set()))
            if run_id > known_id:
                latest[found] = (run_id, {state})
            elif run_id == known_id:
                states.add(state)
        return [
            LatestRun(run_id, found, _furthest(states))
            for found, (run_id, states) in sorted(latest.items())
        ]

    def _entries(self, day: date | None) -> list[tuple[date, str, str]]:
        prefix = PREFIX if day is None else f"{PREFIX}business_day={day}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        keys = (item["Key"] for page in pages for item in page.get("Contents", ()))
        return [
            (date.fromisoformat(match[1]), match[2], match[3])
            for key in keys
            if (match := _KEY.match(key))
        ]

    def _write(self, run: Run, state: RunState, details: Mapping[str, Any]) -> None:
        entry = {
            "business_day": run.day.isoformat(),
            "run_id": run.id,
            "state": state.value,
            "started_at": run.started_at.isoformat(),
            **details,
        }
        self._put(_key(run.day, state, run.id), entry)

    def _read(self, key: str) -> dict[str, Any]:
        answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        content: dict[str, Any] = json.loads(answer["Body"].read())
        return content

    def _put(self, key: str, content: Mapping[str, Any]) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(content).encode())


def _key(day: date, state: RunState, run_id: str) -> str:
    return f"{PREFIX}business_day={day}/state={state.value}/{run_id}.json"


def _furthest(states: set[str]) -> RunState:
    """Return how far a run came: all write that they started, and most of them how they ended."""
    return RunState(next(iter(states - {RunState.STARTED}), RunState.STARTED))
