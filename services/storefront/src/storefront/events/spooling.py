"""The queue on disk: written together, and drained to the stream, oldest first, when it is back."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from prometheus_client import Counter, Gauge

from fashion_kit.batcher import Batcher, BatchLimits, Refused
from fashion_kit.logs import get_logger
from storefront.events.circuit import GuardedStream
from storefront.events.errors import SpoolFullError
from storefront.events.spool import Segment, Spool
from storefront.settings import EventSettings
from storefront.stream import (
    MAX_BYTES,
    MAX_RECORDS,
    StreamRecord,
    StreamUnavailableError,
    in_batches,
)

Result = TypeVar("Result")

# A few calls' worth: so long do new events wait for the last ones from the disk.
HAND_OVER_BYTES: Final = MAX_BYTES // 10

SPOOLED: Final = Counter("events_spooled", "Events that went to the disk for the time being.")
DRAINED: Final = Counter("events_drained", "Events that came from the disk to the stream.")
WAITING: Final = Gauge("events_spool_bytes", "Bytes of events that wait on disk.")

log = get_logger(__name__)


class SpoolQueue:
    """Keeps events on disk until the stream has them, and every shopper's in their order.

    While anything waits here, new events have to queue up behind it. Near its end, and if the
    stream is well, the queue hands over: what comes then waits in memory for its turn, else a busy
    shop would never be done with the disk.
    """

    def __init__(self, spool: Spool, stream: GuardedStream, settings: EventSettings) -> None:
        self._spool = spool
        self._stream = stream
        self._limit = settings.event_spool_limit_bytes
        self._retry_pause = settings.event_stream_rest.total_seconds()
        # One thread, for the spool wants one at a time; one batch at a time, for one fsync then
        # serves everybody who came during the one before.
        self._disk = ThreadPoolExecutor(1, "spool")
        limits = BatchLimits(
            items=MAX_RECORDS,
            weight=MAX_BYTES,
            queued_items=settings.event_queue_limit,
            in_flight=1,
            attempts=1,
        )
        self._commits = Batcher(self._write, limits=limits, weigh=lambda record: record.weight)
        self._appending = 0
        self._is_handing_over = False
        self._turn_came = asyncio.Event()
        self._turn_came.set()
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._written = asyncio.Event()
        self._drainer = asyncio.create_task(self._drain_forever())

    def must_queue(self) -> bool:
        """Say whether events wait here that new ones must not overtake."""
        is_busy = self._appending > 0 or not self._spool.is_empty()
        return is_busy and not self._is_handing_over

    async def turn(self) -> None:
        """Wait while the queue hands over; raise StreamUnavailableError if it could not."""
        await self._turn_came.wait()
        if self.must_queue():
            raise StreamUnavailableError

    async def append(self, records: Sequence[StreamRecord]) -> None:
        """Return when the records are on disk; raise SpoolFullError if they cannot be."""
        weight = sum(record.weight for record in records)
        if self._spool.bytes + self._appending + weight > self._limit:
            raise SpoolFullError
        self._appending += weight
        self._written.clear()
        try:
            await self._commits.submit(records)
        except OSError as error:
            log.warning("spool_write_failed", error=type(error).__name__)
            raise SpoolFullError from error
        finally:
            self._appending -= weight
            if self._appending == 0:
                self._written.set()
        SPOOLED.inc(len(records))

    async def close(self) -> None:
        """Finish what is being written, and leave the rest to the next start."""
        await self._commits.drain()
        self._drainer.cancel()
        with suppress(asyncio.CancelledError):
            await self._drainer
        await self._on_disk(self._spool.close)
        self._disk.shutdown()

    async def _write(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        await self._on_disk(lambda: self._spool.append(records))
        WAITING.set(self._spool.bytes)
        self._arrived.set()
        return ["on disk"] * len(records)

    async def _drain_forever(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            try:
                await self._drain()
            except Exception as error:  # noqa: BLE001 - whatever it was, the events are still here
                log.warning("spool_drain_failed", error=type(error).__name__)
                self._arrived.set()
                await asyncio.sleep(self._retry_pause)
            finally:
                self._hand_over(is_near=False)

    async def _drain(self) -> None:
        while True:
            if (segment := await self._on_disk(self._spool.oldest)) is not None:
                await self._send(segment)
            elif self._appending == 0:
                return
            else:
                await self._written.wait()

    async def _send(self, segment: Segment) -> None:
        for batch in in_batches(segment.records):
            waiting: Sequence[StreamRecord] = batch
            while waiting:
                left = self._spool.bytes + self._appending
                self._hand_over(is_near=left <= HAND_OVER_BYTES and self._stream.is_well)
                waiting = await self._put(waiting)
        await self._on_disk(lambda: self._spool.remove(segment))
        WAITING.set(self._spool.bytes)

    async def _put(self, records: Sequence[StreamRecord]) -> Sequence[StreamRecord]:
        """Put the records; return those that must come again."""
        try:
            answers = await self._stream.put(records)
        except StreamUnavailableError:
            self._hand_over(is_near=False)
            await self._stream.rest()
            return records
        waiting = left_over(records, answers)
        DRAINED.inc(len(records) - len(waiting))
        if waiting:
            await asyncio.sleep(self._retry_pause)
        return waiting

    def _hand_over(self, *, is_near: bool) -> None:
        self._is_handing_over = is_near
        if is_near:
            self._turn_came.clear()
        else:
            self._turn_came.set()

    async def _on_disk(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)


def left_over(
    records: Sequence[StreamRecord], answers: Sequence[str | Refused]
) -> list[StreamRecord]:
    """Return what must come again: what was refused, and what then overtook it of its shopper."""
    held_back: set[str] = set()
    again = []
    for record, answer in zip(records, answers, strict=True):
        if isinstance(answer, Refused) or record.partition_key in held_back:
            held_back.add(record.partition_key)
            again.append(record)
    return again
