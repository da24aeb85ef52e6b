"""A DynamoDB in memory, behind the client's seam, that fails as it is told."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import pytest

from fashion_contracts.picks import item_size
from fashion_kit.dynamodb.client import DynamoDB, DynamoDBError
from fashion_kit.dynamodb.values import Item, from_wire
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService


class CrashError(RuntimeError):
    """The function's process is gone."""


class MemoryDynamoDB(DynamoDB):
    """Holds one table's items in their wire form, and counts what is asked of it.

    `faults` has one entry for each call: "" for none; "throttled" and "crash before" come to
    nothing, after "lost answer" and "crash after" the write is there, "unread" leaves keys unread.
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.calls: list[str] = []
        self.keys_read = 0
        self.largest_write = 0
        self.faults: Iterator[str] = repeat("")
        self.before_put: Callable[[], Any] | None = None

    async def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        await asyncio.sleep(0)  # what goes on meanwhile gets its turn
        fault = next(self.faults)
        if fault == "throttled":
            raise DynamoDBError(operation, "ThrottlingException", "slow down")
        if fault == "crash before":
            raise CrashError
        answer = getattr(self, f"_{operation}")(request, fault)
        if fault == "lost answer":
            raise DynamoDBError(operation, "TimeoutError", "no answer")
        if fault == "crash after":
            raise CrashError
        found: dict[str, Any] = answer
        return found

    async def close(self) -> None:
        """There is nothing to close."""

    def _BatchGetItem(self, request: dict[str, Any], fault: str) -> dict[str, Any]:
        ((table, asked),) = request["RequestItems"].items()
        assert asked["ConsistentRead"]
        if fault == "unread":
            return {"Responses": {}, "UnprocessedKeys": request["RequestItems"]}
        keys = [key["user_id"]["S"] for key in asked["Keys"]]
        assert len(set(keys)) == len(keys) <= 100
        self.keys_read += len(keys)
        found = [self._without_picks(key) for key in keys if key in self.items]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def _GetItem(self, request: dict[str, Any], _fault: str) -> dict[str, Any]:
        assert request["ConsistentRead"]
        self.keys_read += 1
        key = request["Key"]["user_id"]["S"]
        return {"Item": self._without_picks(key)} if key in self.items else {}

    def _PutItem(self, request: dict[str, Any], _fault: str) -> dict[str, Any]:
        if self.before_put is not None:
            meanwhile, self.before_put = self.before_put, None
            meanwhile()
        item: Item = request["Item"]
        stored = self.items.get(item["user_id"]["S"])
        expected = request.get("ExpressionAttributeValues")
        is_as_read = (
            stored is None
            if expected is None
            else stored is not None
            and stored["sequence"] == expected[":sequence"]
            and stored["expires_at"] == expected[":expiry"]
        )
        if not is_as_read:
            raise DynamoDBError("PutItem", "ConditionalCheckFailedException", "it has changed")
        self.largest_write = max(self.largest_write, item_size(from_wire(item)))
        self.items[item["user_id"]["S"]] = item
        return {}

    def _UpdateItem(self, request: dict[str, Any], _fault: str) -> dict[str, Any]:
        """Forget as the API does: the one update that there is."""
        user_id = request["Key"]["user_id"]["S"]
        if user_id not in self.items:
            raise DynamoDBError("UpdateItem", "ConditionalCheckFailedException", "nobody")
        removed, _, set_to = request["UpdateExpression"].partition(" SET ")
        assert set_to == "expires_at = :until"
        gone = removed.removeprefix("REMOVE ").split(", ")
        kept = {name: v for name, v in self.items[user_id].items() if name not in gone}
        self.items[user_id] = kept | {"expires_at": request["ExpressionAttributeValues"][":until"]}
        return {}

    def _without_picks(self, key: str) -> Item:
        return {
            name: value for name, value in self.items[key].items() if name not in ("picks", "model")
        }


@pytest.fixture
def memory() -> MemoryDynamoDB:
    return MemoryDynamoDB()


@pytest.fixture
def service_of(
    make_service: Callable[[ShoppersRepository], InteractionsService],
) -> Callable[[DynamoDB], InteractionsService]:
    """Return a maker of services over any client."""
    return lambda dynamodb: make_service(ShoppersRepository(dynamodb, "shoppers"))
