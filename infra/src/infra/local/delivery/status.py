"""What the delivery worker says about itself, and how another process asks it to write now."""

import os
import signal
from pathlib import Path
from threading import Event
from time import monotonic

from infra.local.shards import Record
from infra.local.workers import Status

_LOOK_SECONDS = 0.05


class DeliveryStatus(Status):
    """The figures that `make status` and the demo read."""

    records_read: int
    """Records that were read from the stream."""
    records_delivered: int
    """Records that are in the landing zone."""
    objects: int
    """Objects that were written."""
    flushes_requested: int
    """How often the worker was asked to write at once."""
    flushes_done: int
    """The latest of these requests that is done."""
    last_sequence_numbers: dict[str, str]
    """The last record delivered, for each shard."""


class ShardProgress:
    """The figures of one shard; one thread writes them, another may read them at any time."""

    def __init__(self) -> None:
        self.records_read = 0
        self.records_delivered = 0
        self.objects = 0
        self.flushes_done = 0
        self.last_sequence_number: str | None = None

    def delivered(self, records: list[Record]) -> None:
        """Note that these records were written as one object."""
        self.records_delivered += len(records)
        self.objects += 1
        self.last_sequence_number = records[-1].sequence_number


class FlushTimeoutError(Exception):
    """Raised when the delivery worker does not write what it has, or does not run."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The delivery worker {what}.")


def flush(state_folder: Path, *, seconds: float) -> DeliveryStatus:
    """Have everything that is on the stream now written into the landing zone; wait for it."""
    deadline = monotonic() + seconds
    before = DeliveryStatus.read(state_folder)
    if before is None:
        raise FlushTimeoutError("does not run")
    os.kill(before.pid, signal.SIGUSR1)
    while (status := DeliveryStatus.read(state_folder)) is not None:
        if status.flushes_done > before.flushes_requested:
            return status
        if monotonic() > deadline:
            break
        Event().wait(_LOOK_SECONDS)
    raise FlushTimeoutError(f"did not write what it had within {seconds} s")
