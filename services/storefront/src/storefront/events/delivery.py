"""The way of accepted events: to the stream, or to the disk while the stream is away."""

from collections.abc import Sequence

from fashion_kit.batcher import Batcher, BatchLimits, Refused, UndeliveredError
from storefront.events.circuit import GuardedStream
from storefront.events.spooling import SpoolQueue
from storefront.settings import EventSettings
from storefront.stream import MAX_BYTES, MAX_RECORDS, StreamRecord, StreamUnavailableError


class EventDelivery:
    """Sends what many requests bring in batches; each request returns when its events are safe.

    Without a spool, a stream that is away is the caller's to hear of.
    """

    def __init__(
        self, stream: GuardedStream, settings: EventSettings, spool: SpoolQueue | None = None
    ) -> None:
        self._stream = stream
        self._spool = spool
        limits = BatchLimits(
            items=MAX_RECORDS,
            weight=MAX_BYTES,
            queued_items=settings.event_queue_limit,
            in_flight=settings.event_batches_in_flight,
            attempts=settings.event_attempts,
        )
        self._batcher = Batcher(self._send, limits=limits, weigh=lambda record: record.weight)

    async def submit(self, items: Sequence[StreamRecord]) -> None:
        """Return when the events are on the stream or on disk; raise TransientError if neither."""
        if self._spool is None:
            await self._batcher.submit(items)
            return
        if not self._spool.must_queue():
            try:
                await self._batcher.submit(items)
            except StreamUnavailableError:
                pass
            except UndeliveredError as error:
                items = [items[at] for at in error.refused]
            else:
                return
        await self._spool.append(items)

    async def drain(self) -> None:
        """Take nothing more, and return when everything taken is safe."""
        await self._batcher.drain()
        if self._spool is not None:
            await self._spool.close()

    async def _send(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        if self._spool is not None:
            await self._spool.turn()
        return await self._stream.put(records)
