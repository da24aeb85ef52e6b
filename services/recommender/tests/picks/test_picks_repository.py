"""Reading shoppers: who asks at the same time shares, nothing is doubled, what waits is bounded."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from services.recommender.tests.picks.api import serving

from fashion_contracts.events import Interaction
from fashion_kit.batcher import OverloadedError
from fashion_kit.dynamodb.client import DynamoDB, DynamoDBError, Limits, make_dynamodb
from infra.local.resources import Resources
from recommender.errors import StoreUnavailableError
from recommender.picks.repository import PicksRepository
from recommender.settings import ApiSettings

Events = Callable[..., Interaction]


class CountingDynamoDB(DynamoDB):
    """The real client, which counts; or one that answers as it is told."""

    def __init__(self, real: DynamoDB | None = None, *answers: Any) -> None:
        self.calls: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._real = real
        self._answers = list(answers)

    async def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        ((_, asked),) = request["RequestItems"].items()
        self.calls.append([key["user_id"]["S"] for key in asked["Keys"]])
        await self.gate.wait()
        if self._real is not None:
            return await self._real.call(operation, request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def reading(dynamodb: DynamoDB, table: str = "t", *, queued: int = 100) -> PicksRepository:
    return PicksRepository(dynamodb, table, in_flight=1, queued=queued)


NOBODY: dict[str, Any] = {"Responses": {"t": []}, "UnprocessedKeys": {}}


@pytest.fixture
async def real(stores: Resources) -> AsyncIterator[DynamoDB]:
    client = make_dynamodb(Limits())
    yield client
    await client.close()


@pytest.mark.servers
class TestOverTheRealTable:
    async def test_many_who_ask_at_once_are_read_in_one_call(
        self, stores: Resources, real: DynamoDB, fold_events: Any, event: Events
    ) -> None:
        fold_events(event(1, shopper="a"), event(2, shopper="b"))
        dynamodb = CountingDynamoDB(real)
        shoppers = reading(dynamodb, stores.shoppers_table)

        found = await asyncio.gather(*map(shoppers.get, ("a", "b", "nobody", "a")))

        assert dynamodb.calls == [["a", "b", "nobody"]]
        assert [one.whole.seen for one in found] == [{1}, {2}, set(), {1}]

    async def test_the_next_one_reads_anew(
        self, stores: Resources, real: DynamoDB, fold_events: Any, event: Events
    ) -> None:
        shoppers = reading(real, stores.shoppers_table)
        before = await shoppers.get("a")

        fold_events(event(1, shopper="a"))

        assert (await shoppers.get("a")).whole.seen == {1}
        assert before.whole.seen == set()

    async def test_what_is_read_is_what_was_written_but_for_the_fence(
        self,
        stores: Resources,
        real: DynamoDB,
        shoppers: Any,
        fold_events: Any,
        event: Events,
    ) -> None:
        fold_events(*(event(number, shopper="a") for number in range(1, 30)))
        written = await shoppers.get("a")

        stored = await reading(real, stores.shoppers_table).get("a")

        assert (stored.whole.history, stored.whole.picks) == (written.history, written.picks)
        assert tuple(stored.picks) == written.picks
        assert stored.last_ticks == written.last_ticks
        assert stored.whole.sequence == -1


class TestWhenThingsGoWrong:
    async def test_one_who_goes_away_does_not_take_the_answer_from_the_others(self) -> None:
        dynamodb = CountingDynamoDB(None, NOBODY)
        dynamodb.gate.clear()
        shoppers = reading(dynamodb)
        first, second, third = (asyncio.create_task(shoppers.get("a")) for _ in range(3))
        while not dynamodb.calls:
            await asyncio.sleep(0)

        second.cancel()
        dynamodb.gate.set()

        assert (await first).user_id == (await third).user_id == "a"
        assert len(dynamodb.calls) == 1

    async def test_if_the_first_goes_away_the_others_are_told_to_come_again(self) -> None:
        dynamodb = CountingDynamoDB(None, NOBODY)
        dynamodb.gate.clear()
        shoppers = reading(dynamodb)
        first, second = (asyncio.create_task(shoppers.get("a")) for _ in range(2))
        while not dynamodb.calls:
            await asyncio.sleep(0)

        first.cancel()

        with pytest.raises(StoreUnavailableError):
            await second
        dynamodb.gate.set()
        await shoppers.close()

    async def test_what_was_not_processed_is_read_again(self) -> None:
        left = {"t": {"Keys": [{"user_id": {"S": "b"}}]}}
        dynamodb = CountingDynamoDB(None, {**NOBODY, "UnprocessedKeys": left}, NOBODY)
        shoppers = reading(dynamodb)

        found = await asyncio.gather(shoppers.get("a"), shoppers.get("b"))

        assert dynamodb.calls == [["a", "b"], ["b"]]
        assert [one.user_id for one in found] == ["a", "b"]

    async def test_a_failure_is_told_to_all_who_wait(self) -> None:
        dynamodb = CountingDynamoDB(None, DynamoDBError("BatchGetItem", "Throttled", ""), NOBODY)
        shoppers = reading(dynamodb)

        told = await asyncio.gather(*map(shoppers.get, "aab"), return_exceptions=True)

        assert [type(error) for error in told] == [StoreUnavailableError] * 3
        assert (await shoppers.get("a")).user_id == "a"

    async def test_too_many_who_wait_are_refused(self) -> None:
        dynamodb = CountingDynamoDB(None, NOBODY, NOBODY)
        dynamodb.gate.clear()
        shoppers = reading(dynamodb, queued=1)
        first = asyncio.create_task(shoppers.get("a"))
        while not dynamodb.calls:
            await asyncio.sleep(0)
        second = asyncio.create_task(shoppers.get("b"))
        await asyncio.sleep(0)

        with pytest.raises(OverloadedError):
            await shoppers.get("c")

        dynamodb.gate.set()
        assert [(await one).user_id for one in (first, second)] == ["a", "b"]


@pytest.mark.servers
async def test_a_store_that_is_away_is_answered_503(
    api_settings: ApiSettings,
) -> None:
    lost = api_settings.model_copy(update={"shoppers_table": "no-such-table"})

    async with serving(lost) as api:
        answer = await api.get("/recommendations/anon-1")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
