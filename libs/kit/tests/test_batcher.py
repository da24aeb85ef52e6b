"""The batcher: everything taken is sent, once for each success, in its order, and answered."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_kit.batcher import (
    Batcher,
    BatchLimits,
    OverloadedError,
    Refused,
    UndeliveredError,
)

LIMITS = BatchLimits(
    items=10, weight=100, queued_items=1000, in_flight=2, attempts=3, first_pause_seconds=0
)


class Receiver:
    """Takes batches; refuses each item as often as it is told, and takes its turns when told."""

    def __init__(self, refusals: dict[int, int] | None = None) -> None:
        self.batches: list[list[int]] = []
        self.taken: list[int] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._refusals = Counter(refusals or {})

    async def send(self, items: Sequence[int]) -> list[str | Refused]:
        self.batches.append(list(items))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await self.gate.wait()
        await asyncio.sleep(0)
        self.in_flight -= 1
        return [self._answer(item) for item in items]

    def _answer(self, item: int) -> str | Refused:
        if self._refusals[item]:
            self._refusals[item] -= 1
            return Refused("throttled")
        self.taken.append(item)
        return f"ack-{item}"


def batcher_to(receiver: Receiver, limits: BatchLimits = LIMITS) -> Batcher[int, str]:
    return Batcher(receiver.send, limits=limits)


@given(
    sizes=st.lists(st.integers(0, 10), min_size=1, max_size=30),
    refused=st.lists(st.integers(0, 300), max_size=20),
    in_flight=st.integers(1, 4),
    turns=st.lists(st.integers(0, 3), min_size=30, max_size=30),
)
@settings(max_examples=60)
def test_every_item_is_taken_once_and_its_submitter_gets_its_acknowledgement(
    sizes: list[int], refused: list[int], in_flight: int, turns: list[int]
) -> None:
    async def scenario() -> None:
        receiver = Receiver({item: 1 + item % 2 for item in refused})
        batcher = batcher_to(receiver, replace(LIMITS, in_flight=in_flight))
        starts = [sum(sizes[:at]) for at in range(len(sizes))]
        groups = [list(range(at, at + size)) for at, size in zip(starts, sizes, strict=True)]

        async def submit(group: list[int], turns: int) -> list[str]:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await batcher.submit(group)

        submits = [submit(group, turn) for group, turn in zip(groups, turns, strict=False)]
        async with asyncio.timeout(10):
            answers = await asyncio.gather(*submits)

        assert answers == [[f"ack-{item}" for item in group] for group in groups]
        assert sorted(receiver.taken) == list(range(sum(sizes)))
        assert receiver.most_in_flight <= in_flight
        assert all(len(batch) <= LIMITS.items for batch in receiver.batches)

    asyncio.run(scenario())


@given(sizes=st.lists(st.integers(1, 10), min_size=1, max_size=30))
@settings(max_examples=30)
def test_a_submission_travels_whole_and_in_its_order(sizes: list[int]) -> None:
    async def scenario() -> None:
        receiver = Receiver()
        batcher = batcher_to(receiver)
        starts = [sum(sizes[:at]) for at in range(len(sizes))]
        groups = [list(range(at, at + size)) for at, size in zip(starts, sizes, strict=True)]
        await asyncio.gather(*map(batcher.submit, groups))
        for group in groups:
            batch = next(batch for batch in receiver.batches if group[0] in batch)
            at = batch.index(group[0])
            assert batch[at : at + len(group)] == group

    asyncio.run(scenario())


async def test_an_idle_batcher_sends_at_once() -> None:
    receiver = Receiver()
    assert await batcher_to(receiver).submit([1]) == ["ack-1"]
    assert receiver.batches == [[1]]


async def test_what_waits_for_a_free_place_leaves_together() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    batcher = batcher_to(receiver, replace(LIMITS, in_flight=1))
    first = asyncio.create_task(batcher.submit([1]))
    await asyncio.sleep(0.001)
    rest = [asyncio.create_task(batcher.submit([item])) for item in (2, 3, 4)]
    await asyncio.sleep(0)
    receiver.gate.set()
    await asyncio.gather(first, *rest)
    assert receiver.batches == [[1], [2, 3, 4]]


async def test_a_batch_never_outweighs_its_limit() -> None:
    receiver = Receiver()
    limits = replace(LIMITS, in_flight=1)
    batcher = Batcher(receiver.send, limits=limits, weigh=lambda item: item)
    await asyncio.gather(*(batcher.submit([item]) for item in (60, 30, 20, 90)))
    assert receiver.batches == [[60, 30], [20], [90]]


async def test_only_refused_items_are_sent_again() -> None:
    receiver = Receiver({2: 1})
    answers = await batcher_to(receiver).submit([1, 2, 3])
    assert answers == ["ack-1", "ack-2", "ack-3"]
    assert receiver.batches == [[1, 2, 3], [2]]


async def test_a_neighbours_refusal_delays_nobody_else() -> None:
    receiver = Receiver({2: 2})
    batcher = batcher_to(receiver, replace(LIMITS, first_pause_seconds=30))
    good = asyncio.create_task(batcher.submit([1]))
    bad = asyncio.create_task(batcher.submit([2]))
    async with asyncio.timeout(5):
        assert await good == ["ack-1"]
    assert not bad.done()
    bad.cancel()


async def test_an_item_refused_at_every_attempt_fails_its_submission_alone() -> None:
    receiver = Receiver({2: LIMITS.attempts})
    batcher = batcher_to(receiver)
    good, bad = await asyncio.gather(
        batcher.submit([1]), batcher.submit([2, 3]), return_exceptions=True
    )
    assert good == ["ack-1"]
    assert isinstance(bad, UndeliveredError)
    assert bad.refused == {0: Refused("throttled")}


async def test_an_error_of_the_receiver_reaches_every_submitter_and_the_next_batch_goes_on() -> (
    None
):
    calls = 0

    async def send(items: Sequence[int]) -> list[str | Refused]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError
        return ["ack"] * len(items)

    batcher = Batcher[int, str](send, limits=LIMITS)
    first, second = await asyncio.gather(
        batcher.submit([1]), batcher.submit([2]), return_exceptions=True
    )
    assert isinstance(first, ConnectionError)
    assert isinstance(second, ConnectionError)
    assert await batcher.submit([3]) == ["ack"]


async def test_an_answer_of_the_wrong_length_acknowledges_nothing() -> None:
    async def send(items: Sequence[int]) -> list[str | Refused]:
        return ["ack"] * (len(items) + 1)

    with pytest.raises(ValueError, match="zip"):
        await Batcher[int, str](send, limits=LIMITS).submit([1])


async def test_overload_refuses_the_newcomer_and_loses_nobody_who_was_taken() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    batcher = batcher_to(receiver, replace(LIMITS, in_flight=1, queued_items=3))
    first = asyncio.create_task(batcher.submit([0]))
    await asyncio.sleep(0.001)
    waiting = [asyncio.create_task(batcher.submit([item])) for item in (1, 2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await batcher.submit([4])
    receiver.gate.set()
    await asyncio.gather(first, *waiting)
    assert sorted(receiver.taken) == [0, 1, 2, 3]


async def test_what_was_taken_is_sent_though_its_submitter_left() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    batcher = batcher_to(receiver)
    gone = asyncio.create_task(batcher.submit([1]))
    await asyncio.sleep(0.001)
    gone.cancel()
    receiver.gate.set()
    await batcher.drain()
    assert receiver.taken == [1]


async def test_drain_waits_for_everything_taken_and_takes_nothing_more() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    batcher = batcher_to(receiver)
    submits = [asyncio.create_task(batcher.submit([item])) for item in range(30)]
    await asyncio.sleep(0)
    draining = asyncio.create_task(batcher.drain())
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await batcher.submit([99])
    assert not draining.done()
    receiver.gate.set()
    await draining
    assert all(submit.done() for submit in submits)
    assert sorted(receiver.taken) == list(range(30))


async def test_a_submission_larger_than_a_batch_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        await batcher_to(Receiver()).submit(list(range(11)))


async def test_nothing_to_send_needs_no_batch() -> None:
    receiver = Receiver()
    assert await batcher_to(receiver).submit([]) == []
    assert receiver.batches == []
