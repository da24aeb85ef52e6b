"""The intake, put together."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

from fashion_kit import aws
from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from storefront.events.archive import BadEventArchive
from storefront.events.circuit import Circuit, GuardedStream
from storefront.events.delivery import EventDelivery
from storefront.events.judging import Judge
from storefront.events.publisher import BadEventStore
from storefront.events.recent import RecentEvents
from storefront.events.repository import BadEventRepository
from storefront.events.service import EventService, Identify
from storefront.events.spool import Spool
from storefront.events.spooling import SpoolQueue
from storefront.settings import StorefrontSettings
from storefront.stream import StreamPublisher


async def open_intake(
    settings: StorefrontSettings,
    stack: AsyncExitStack,
    *,
    clock: Clock,
    new_id: IdFactory,
    identify: Identify,
) -> dict[str, Any]:
    """Return what the endpoints of events ask for; the stack drains it at the end."""
    threads = settings.event_batches_in_flight
    stream = StreamPublisher(aws.client("kinesis", pool_size=threads), settings.event_stream)
    # One thread more than batches in flight, so that keeping a bad event never waits for all.
    pool = stack.enter_context(ThreadPoolExecutor(threads + 1, "events"))
    circuit = Circuit(settings.event_stream_rest, asyncio.get_running_loop().time)
    guarded = GuardedStream(stream, pool, circuit)
    spool = None
    if settings.event_spool_folder is not None:
        spool = SpoolQueue(Spool(settings.event_spool_folder, new_id), guarded, settings)
    delivery = EventDelivery(guarded, settings, spool)
    # Left in the opposite order: what was accepted is safe before the threads end.
    stack.push_async_callback(delivery.drain)
    s3 = aws.client("s3")
    bucket = settings.landing_bucket
    recent = RecentEvents(settings.development_events_kept) if settings.development else None
    service = EventService(
        delivery,
        BadEventStore(s3, bucket, pool, new_id=new_id),
        Judge(settings.event_clock_tolerance, new_id),
        clock=clock,
        identify=identify,
        recent=recent,
    )
    return {
        "stream": stream,
        "events": service,
        "bad_events": BadEventArchive(BadEventRepository(s3, bucket)),
        "recent_events": recent,
    }
