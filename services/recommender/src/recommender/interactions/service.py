"""Interactions folded into shoppers, batch by batch, with an effect exactly once.

Why nothing is lost or counted twice
------------------------------------
The stream delivers each record at least once and the records of one shopper in order. After an
answer with failures Lambda delivers again everything from the first failed record on, and after its
last attempt sends what is left to the failure destination and goes on.

1. The fence. A shopper's item holds the sequence number of the last record applied. A record at or
   below it was applied before and is dropped; what it changed and the fence are one write.
2. One write a shopper and batch. All records of a shopper in a batch take effect together or not at
   all, so a record behind a failed one of the same shopper cannot push the fence past it. When the
   write fails, every one of them is reported.
3. A poison record changes nobody and belongs to nobody; it is reported and holds nothing back. The
   good records behind it are applied at once: if Lambda gives up on the poison record, it discards
   the rest of that batch with it, and that rest has then had its effect. When they come again,
   the fence drops them.
4. Below the fence the fold itself does not mind order or repetition (see fold.py). An event that a
   client sent twice has two sequence numbers but one id, and counts once. Records that ended at the
   failure destination through a long outage are put on the stream again: with new sequence numbers
   they pass the fence, and find their place by their event time.
5. The write is conditional on the sequence number that was read. An invocation that Lambda believed
   dead and that writes late fails, reads again, and finds its records below the fence. So does a
   write that comes again because the answer to its first attempt was lost.
6. Of a shopper who is forgotten the fence stays, so old records that come again bring nothing back.
   A fold that had read the item before fails on its expiry, which forgetting changes (see put). An
   account's erasure is a record like the others: what came before it is forgotten.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import ceil

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.measures import BatchMeasures
from fashion_contracts.picks import TICKS_PER_SECOND, Shopper
from fashion_kit import tracing
from fashion_kit.clock import Clock, utc_now
from fashion_kit.errors import TransientError
from fashion_kit.logs import get_logger
from recommender.errors import ShopperChangedError, ShopperContendedError
from recommender.interactions.fold import fold, join
from recommender.interactions.records import (
    Arrival,
    FailedRecord,
    Failure,
    StreamRecord,
    decode,
)
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.tally import BatchTally
from recommender.picks.rankers import Rankers
from recommender.settings import InteractionsSettings

log = get_logger(__name__)


@dataclass(frozen=True)
class Batch:
    """What arrived by shopper, and these shoppers as they were when the batch began."""

    arrivals: Mapping[str, Sequence[Arrival]]
    stored: Mapping[str, Shopper]
    tally: BatchTally

    def guests_in(self, fresh: Iterable[Arrival]) -> Iterator[Shopper]:
        """Yield the guests who turned out to be this user, with what they did before.

        A guest's last acts may be in the same batch, and are perhaps not written yet.
        """
        for guest_id, identified in _identities(fresh):
            guest = self.stored[guest_id]
            earlier = (
                arrival.event
                for arrival in self.arrivals.get(guest_id, ())
                if guest.sequence < arrival.sequence < identified
            )
            yield fold(guest, earlier)


class InteractionsService:
    """Applies batches of stream records to the shoppers they are about."""

    def __init__(
        self,
        settings: InteractionsSettings,
        shoppers: ShoppersRepository,
        rankers: Rankers,
        *,
        clock: Clock = utc_now,
        tell: Callable[[BatchMeasures], None] = lambda _: None,
    ) -> None:
        """Take what the service works with; `tell` hears what became of each batch."""
        self._settings = settings
        self._shoppers = shoppers
        self._rankers = rankers
        self._clock = clock
        self._tell = tell

    async def apply(self, records: Iterable[StreamRecord]) -> list[FailedRecord]:
        """Apply the batch; return the records that had no effect, in the stream's order."""
        by_shopper, failed = decode(records)
        tally = BatchTally(self._settings.late_after)
        self._rankers.refresh_if_due()
        everybody = dict.fromkeys(by_shopper)
        for arrivals in by_shopper.values():
            everybody |= dict.fromkeys(guest_id for guest_id, _ in _identities(arrivals))
        try:
            stored = await self._shoppers.get_many(everybody)
        except TransientError as error:
            log.warning("shoppers_not_read", shoppers=len(everybody), error=error.detail)
            for arrivals in by_shopper.values():
                failed += _all_failed(arrivals)
        else:
            failed += await self._update_all(Batch(by_shopper, stored, tally))
        self._tell(tally.measures(failed))
        return sorted(failed, key=lambda record: int(record.sequence_number))

    async def close(self) -> None:
        """Close the connections to the stores."""
        await self._shoppers.close()

    async def _update_all(self, batch: Batch) -> list[FailedRecord]:
        """Update every shopper of the batch, so many at once as there are connections."""
        failed: list[FailedRecord] = []
        waiting = iter(batch.arrivals)

        async def work() -> None:
            for user_id in waiting:
                failed.extend(await self._update(user_id, batch))

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(self._settings.connections, len(batch.arrivals))):
                workers.create_task(work())
        return failed

    async def _update(self, user_id: str, batch: Batch) -> list[FailedRecord]:
        sent_with = (arrival.event.traceparent for arrival in batch.arrivals[user_id])
        try:
            with tracing.span("picks update", "consumer", follows=sent_with):
                await self._fold_and_put(user_id, batch)
        except TransientError as error:
            log.warning("shopper_not_updated", error=error.detail)
            return _all_failed(batch.arrivals[user_id])
        return []

    async def _fold_and_put(self, user_id: str, batch: Batch) -> None:
        shopper = batch.stored[user_id]
        for _ in range(self._settings.update_attempts):
            fence = shopper.sequence
            arrivals = batch.arrivals[user_id]
            fresh = [arrival for arrival in arrivals if arrival.sequence > fence]
            if not fresh:
                batch.tally.passed_over(len(arrivals))
                return
            updated = self._updated(shopper, fresh, batch)
            if updated.last_ticks is None and shopper.last_ticks is None:
                return  # one who had done nothing logged in or was erased
            try:
                await self._shoppers.put(updated, instead_of=shopper)
            except ShopperChangedError:
                shopper = await self._shoppers.get(user_id)
            else:
                batch.tally.passed_over(len(arrivals) - len(fresh))
                batch.tally.written(shopper, fresh, self._clock())
                return
        raise ShopperContendedError(self._settings.update_attempts)

    def _updated(self, shopper: Shopper, fresh: Sequence[Arrival], batch: Batch) -> Shopper:
        acts = since_erasure(fresh)
        known = shopper if acts is fresh else Shopper(shopper.user_id)
        folded = fold(
            reduce(join, batch.guests_in(acts), known), (arrival.event for arrival in acts)
        )
        latest = fresh[-1]
        if folded.last_ticks is None:
            return replace(
                folded, sequence=latest.sequence, expires_at=self._fence_expiry(latest.event)
            )
        picks, model = self._rankers.rank(folded)
        return replace(
            folded,
            picks=picks,
            model=model,
            sequence=latest.sequence,
            expires_at=self._expiry(folded.last_ticks),
        )

    # Both count from what happened, not from now: the same events give the same item.

    def _expiry(self, last_ticks: int) -> int:
        return ceil(last_ticks / TICKS_PER_SECOND + self._settings.shopper_expiry.total_seconds())

    def _fence_expiry(self, latest: Interaction) -> int:
        return ceil((latest.received_at + self._settings.forgotten_expiry).timestamp())


def since_erasure(arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """Return what arrived after the shopper's account was erased; all of it if it was not."""
    for place in range(len(arrivals), 0, -1):
        if arrivals[place - 1].event.type is EventType.ERASE:
            return arrivals[place:]
    return arrivals


def _identities(arrivals: Iterable[Arrival]) -> Iterator[tuple[str, int]]:
    """Yield each guest who turned out to be a user, and the sequence number that told it."""
    for arrival in arrivals:
        event = arrival.event
        if event.type is EventType.IDENTIFY and event.anonymous_id is not None:
            yield event.anonymous_id, arrival.sequence


def _all_failed(arrivals: Iterable[Arrival]) -> list[FailedRecord]:
    return [FailedRecord(arrival.sequence_number, Failure.TRANSIENT) for arrival in arrivals]
