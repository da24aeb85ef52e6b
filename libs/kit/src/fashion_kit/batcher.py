"""Adaptive group commit: many small submissions leave in few large calls, and each is acknowledged.

While fewer than `in_flight` batches are on their way a submission leaves at once; otherwise it
waits with the others, so batches grow by themselves under load and cost no latency when idle.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fashion_kit.errors import TransientError

Item = TypeVar("Item")
Ack = TypeVar("Ack")


@dataclass(frozen=True)
class Refused:
    """The receiver's answer for one item that it did not take, and may take later."""

    reason: str


class OverloadedError(TransientError):
    """Raised when the queue is full: the items were not taken and nothing of them is kept."""

    def __init__(self, waiting: int) -> None:
        super().__init__("Too much is waiting to be sent. Try again shortly.")
        self.waiting = waiting


class UndeliveredError(TransientError):
    """Raised when the receiver refused items at every attempt; the others have arrived.

    `refused` holds their places in the submission.
    """

    def __init__(self, refused: Mapping[int, Refused]) -> None:
        super().__init__("Not everything could be sent. Send all of it again.")
        self.refused = refused


@dataclass(frozen=True)
class BatchLimits:
    """How large a batch may be, how many leave at once, how much may wait, how often to try."""

    items: int
    weight: int
    queued_items: int
    in_flight: int = 4
    attempts: int = 4
    first_pause_seconds: float = 0.05


@dataclass(slots=True)
class _Submission(Generic[Item, Ack]):
    """What one caller submitted together. It travels whole, so its order is kept."""

    items: Sequence[Item]
    weight: int
    acknowledged: asyncio.Future[list[Ack]]

    def note(self, answers: Sequence[Ack | Refused]) -> None:
        """Tell the caller, if every item is acknowledged."""
        if self.acknowledged.done():
            return
        acks = [answer for answer in answers if not isinstance(answer, Refused)]
        if len(acks) == len(answers):
            self.acknowledged.set_result(acks)

    def fail(self, error: Exception) -> None:
        if not self.acknowledged.done():
            self.acknowledged.set_exception(error)


class Batcher(Generic[Item, Ack]):
    """Sends what many callers submit in batches; one event loop, no thread, no timer.

    `send` takes a batch and answers, item by item, with an acknowledgement or `Refused`. Refused
    items are sent again with growing pauses, the rest of their batch is acknowledged at once. An
    exception from `send` fails the whole batch: `send` does its own retries of whole calls.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Ack | Refused]]],
        *,
        limits: BatchLimits,
        weigh: Callable[[Item], int] = lambda _: 1,
    ) -> None:
        self._send = send
        self._limits = limits
        self._weigh = weigh
        self._queue: deque[_Submission[Item, Ack]] = deque()
        self._queued_items = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._working = 0
        self._is_draining = False

    async def submit(self, items: Sequence[Item]) -> list[Ack]:
        """Send the items together, in this order; return their acknowledgements in this order.

        They are never split over two batches, because batches overtake one another. Items taken are
        sent even if the caller goes away. Raises OverloadedError before anything is taken;
        UndeliveredError, or what `send` raised, after.
        """
        if not items:
            return []
        weight = sum(map(self._weigh, items))
        if len(items) > self._limits.items or weight > self._limits.weight:
            raise ValueError(f"{len(items)} items of weight {weight} do not fit into one batch")
        if self._is_draining or self._queued_items + len(items) > self._limits.queued_items:
            raise OverloadedError(self._queued_items)
        submission = _Submission[Item, Ack](
            items, weight, asyncio.get_running_loop().create_future()
        )
        self._queue.append(submission)
        self._queued_items += len(items)
        self._start_worker()
        return await submission.acknowledged

    async def drain(self) -> None:
        """Take nothing more, and return when everything taken has been answered."""
        self._is_draining = True
        while self._workers:
            await asyncio.wait(self._workers)

    def _start_worker(self) -> None:
        # The task first runs after this turn of the loop: what else arrives in it shares the batch.
        if self._working < self._limits.in_flight:
            self._working += 1
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        while batch := self._next_batch():
            try:
                await self._deliver(batch)
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the callers are told
                for submission in batch:
                    submission.fail(error)
        # Counted here and not by the task's callback: that runs a turn later, and what is submitted
        # in between would wait for a worker that has already left.
        self._working -= 1

    def _next_batch(self) -> list[_Submission[Item, Ack]]:
        batch: list[_Submission[Item, Ack]] = []
        items = weight = 0
        while self._queue:
            first = self._queue[0]
            items += len(first.items)
            weight += first.weight
            if items > self._limits.items or weight > self._limits.weight:
                break
            batch.append(self._queue.popleft())
            self._queued_items -= len(first.items)
        return batch

    async def _deliver(self, batch: Sequence[_Submission[Item, Ack]]) -> None:
        items = [item for submission in batch for item in submission.items]
        answers: list[Ack | Refused] = [Refused("not sent")] * len(items)
        waiting: Sequence[int] = range(len(items))
        for pause in self._pauses():
            if pause:
                await asyncio.sleep(pause)
            given = await self._send([items[at] for at in waiting])
            # Paired before anything is acknowledged: an answer too many or too few proves nothing.
            for at, answer in list(zip(waiting, given, strict=True)):
                answers[at] = answer
            waiting = [at for at in waiting if isinstance(answers[at], Refused)]
            for submission, own in _shares(batch, answers):
                submission.note(own)
            if not waiting:
                return
        for submission, own in _shares(batch, answers):
            refused = {at: one for at, one in enumerate(own) if isinstance(one, Refused)}
            submission.fail(UndeliveredError(refused))

    def _pauses(self) -> Iterator[float]:
        yield 0
        for retry in range(self._limits.attempts - 1):
            # Jitter, so that writers throttled together do not return together.
            spread = 0.5 + random.random() / 2  # noqa: S311 - no secret
            yield self._limits.first_pause_seconds * 2**retry * spread


def _shares(
    batch: Sequence[_Submission[Item, Ack]], answers: Sequence[Ack | Refused]
) -> Iterator[tuple[_Submission[Item, Ack], Sequence[Ack | Refused]]]:
    start = 0
    for submission in batch:
        end = start + len(submission.items)
        yield submission, answers[start:end]
        start = end
