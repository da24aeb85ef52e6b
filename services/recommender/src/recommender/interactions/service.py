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
   dead and that writes late fails, reads again, and finds its records below the fence.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import reduce
from math import ceil

from fashion_contracts.events import EventType
from fashion_contracts.picks import Shopper, instant_of
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
from recommender.picks.rankers import Rankers
from recommender.settings import InteractionsSettings

log = get_logger(__name__)


class InteractionsService:
    """Applies batches of stream records to the shoppers they are about."""

    def __init__(
        self, settings: InteractionsSettings, shoppers: ShoppersRepository, rankers: Rankers
    ) -> None:
        self._settings = settings
        self._shoppers = shoppers
        self._rankers = rankers
        self._writers = ThreadPoolExecutor(settings.write_threads, thread_name_prefix="shopper")

    def apply(self, records: Iterable[StreamRecord]) -> list[FailedRecord]:
        """Apply the batch; return the records that had no effect, in the stream's order."""
        by_shopper, failed = decode(records)
        self._rankers.refresh_if_due()
        try:
            stored = self._shoppers.get_many(by_shopper)
        except TransientError as error:
            log.warning("shoppers_not_read", shoppers=len(by_shopper), error=error.detail)
            for arrivals in by_shopper.values():
                failed += _all_failed(arrivals)
        else:
            pairs = [(stored[user_id], arrivals) for user_id, arrivals in by_shopper.items()]
            for failures in self._writers.map(lambda pair: self._update(*pair), pairs):
                failed += failures
        return sorted(failed, key=lambda record: int(record.sequence_number))

    def _update(self, shopper: Shopper, arrivals: Sequence[Arrival]) -> list[FailedRecord]:
        try:
            self._fold_and_put(shopper, arrivals)
        except TransientError as error:
            log.warning("shopper_not_updated", user_id=shopper.user_id, error=error.detail)
            return _all_failed(arrivals)
        return []

    def _fold_and_put(self, shopper: Shopper, arrivals: Sequence[Arrival]) -> None:
        for _ in range(self._settings.update_attempts):
            fresh = [arrival for arrival in arrivals if arrival.sequence > shopper.sequence]
            if not fresh:
                return
            updated = self._updated(shopper, fresh)
            if updated.last_ticks is None:
                return  # a guest logged in who had done nothing
            try:
                self._shoppers.put(updated, instead_of=shopper)
            except ShopperChangedError:
                shopper = self._shoppers.get(shopper.user_id)
            else:
                return
        raise ShopperContendedError(self._settings.update_attempts)

    def _updated(self, shopper: Shopper, fresh: Sequence[Arrival]) -> Shopper:
        known = reduce(join, map(self._shoppers.get, _guests_in(fresh)), shopper)
        folded = fold(known, (arrival.event for arrival in fresh))
        picks, model = self._rankers.rank(folded)
        return replace(
            folded,
            picks=picks,
            model=model,
            sequence=fresh[-1].sequence,
            expires_at=self._expiry_of(folded),
        )

    def _expiry_of(self, shopper: Shopper) -> int:
        """Count from the last act, not from now: the same events give the same item."""
        last = instant_of(shopper.last_ticks or 0)
        return ceil((last + self._settings.shopper_expiry).timestamp())


def _guests_in(fresh: Iterable[Arrival]) -> set[str]:
    """Return which guests turned out to be this user."""
    return {
        event.anonymous_id
        for event in (arrival.event for arrival in fresh)
        if event.type is EventType.IDENTIFY and event.anonymous_id is not None
    }


def _all_failed(arrivals: Iterable[Arrival]) -> list[FailedRecord]:
    return [FailedRecord(arrival.sequence_number, Failure.TRANSIENT) for arrival in arrivals]
