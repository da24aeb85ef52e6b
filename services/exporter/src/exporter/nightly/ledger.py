"""The run ledger: which days were loaded when, by which run, and with which counts and sums.

Every run writes one object for each state it reaches, under a name of its own, and none is ever
changed: `ledger/business_day=2026-11-22/state=loaded/<run id>.json`. So two runs cannot spoil one
another's entry, a run that died shows as started and never ended, and the names alone tell which
days are loaded.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "ledger/"
_KEY = re.compile(rf"^{PREFIX}business_day=([0-9-]{{10}})/state=([a-z]+)/([0-9A-Z]{{26}})\.json$")


class RunState(StrEnum):
    """How far a run came."""

    STARTED = "started"
    LOADED = "loaded"
    """The whole day is in the lake."""
    PARTIAL = "partial"
    """What there was of a day that had not ended yet is in the lake."""
    FAILED = "failed"


@dataclass(frozen=True)
class Run:
    """One run of the daily load."""

    id: str
    day: date
    started_at: datetime


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

    def loaded_days(self) -> list[date]:
        """Return the days whose latest run loaded all of them, in order.

        A day whose latest run failed, died or came before the day's end is not among them.
        """
        latest: dict[date, tuple[str, set[str]]] = {}
        for day, state, run_id in self._entries():
            known_id, states = latest.get(day, ("", set()))
            if run_id > known_id:
                latest[day] = (run_id, {state})
            elif run_id == known_id:
                states.add(state)
        return sorted(day for day, (_, states) in latest.items() if RunState.LOADED in states)

    def _entries(self) -> list[tuple[date, str, str]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=PREFIX
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
        key = f"{PREFIX}business_day={run.day}/state={state.value}/{run.id}.json"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(entry).encode())
