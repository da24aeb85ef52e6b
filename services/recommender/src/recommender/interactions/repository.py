"""The shoppers table as folding uses it: read consistently, written fenced."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from fashion_contracts.picks import SHOPPERS_KEY, Attributes, Shopper, pack_sequence
from fashion_kit import tracing
from fashion_kit.dynamodb.client import DynamoDB, DynamoDBError
from fashion_kit.dynamodb.values import from_wire, to_wire
from recommender.errors import ShopperChangedError, StoreUnavailableError
from recommender.stores import aws_errors

BATCH_GET_LIMIT: Final = 100
BATCH_GET_ATTEMPTS: Final = 4
# Folding ranks anew: it has no use for the picks of before.
_FOLDED: Final = {
    "ConsistentRead": True,
    "ProjectionExpression": f"{SHOPPERS_KEY}, history, cart, bought, #sequence, expires_at",
    "ExpressionAttributeNames": {"#sequence": "sequence"},
}


class ShoppersRepository:
    """Reads shoppers without their picks, and replaces them one by one."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    async def get(self, user_id: str) -> Shopper:
        """Return the shopper as last written; one who is not known yet has done nothing."""
        request = {"TableName": self._table, "Key": {SHOPPERS_KEY: {"S": user_id}}, **_FOLDED}
        with aws_errors("read a shopper"):
            answer = await self._dynamodb.call("GetItem", request)
        item = answer.get("Item")
        return Shopper.from_attributes(from_wire(item)) if item else Shopper(user_id)

    async def get_many(self, user_ids: Iterable[str]) -> dict[str, Shopper]:
        """Return these shoppers as last written."""
        remaining = iter(user_ids)
        batches = iter(lambda: list(islice(remaining, BATCH_GET_LIMIT)), [])
        shoppers: dict[str, Shopper] = {}
        for found in await asyncio.gather(*map(self._get_batch, batches)):
            shoppers |= found
        return shoppers

    async def put(self, shopper: Shopper, *, instead_of: Shopper) -> None:
        """Replace the shopper; raise ShopperChangedError if it is not the one that was read.

        Sequence number and expiry stand for the version: each fold makes the number larger, and
        forgetting (picks/repository.py) changes the expiry.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "Item": to_wire(shopper.to_attributes()),
            "ConditionExpression": f"attribute_not_exists({SHOPPERS_KEY})",
        }
        if instead_of.sequence >= 0:
            read: Attributes = {
                ":sequence": {"B": pack_sequence(instead_of.sequence)},
                ":expiry": {"N": str(instead_of.expires_at)},
            }
            request |= {
                "ConditionExpression": "#sequence = :sequence AND expires_at = :expiry",
                "ExpressionAttributeNames": {"#sequence": "sequence"},
                "ExpressionAttributeValues": to_wire(read),
            }
        with tracing.span("PutItem shoppers", "client"), aws_errors("write a shopper"):
            try:
                await self._dynamodb.call("PutItem", request)
            except DynamoDBError as error:
                if error.code != "ConditionalCheckFailedException":
                    raise
                raise ShopperChangedError(shopper.user_id) from error

    async def close(self) -> None:
        """Close the connections to the table."""
        await self._dynamodb.close()

    async def _get_batch(self, ids: Sequence[str]) -> dict[str, Shopper]:
        shoppers = {user_id: Shopper(user_id) for user_id in ids}
        for item in await self._read_batch(ids):
            shopper = Shopper.from_attributes(from_wire(item))
            shoppers[shopper.user_id] = shopper
        return shoppers

    async def _read_batch(self, ids: Sequence[str]) -> list[Attributes]:
        request: Any = {
            self._table: {"Keys": [{SHOPPERS_KEY: {"S": user_id}} for user_id in ids], **_FOLDED}
        }
        items: list[Attributes] = []
        for _ in range(BATCH_GET_ATTEMPTS):
            with aws_errors("read shoppers"):
                answer = await self._dynamodb.call("BatchGetItem", {"RequestItems": request})
            items += answer["Responses"].get(self._table, [])
            request = answer.get("UnprocessedKeys")
            if not request:
                return items
        raise StoreUnavailableError("read shoppers", "UnprocessedKeys")
