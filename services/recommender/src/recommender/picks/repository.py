"""What serving reads: the shopper's item from DynamoDB, the catalogue from MySQL."""

import asyncio
from binascii import a2b_base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from fashion_contracts.picks import SHOPPERS_KEY, Attributes
from fashion_kit.batcher import Batcher, BatchLimits, Refused, UndeliveredError
from fashion_kit.dynamodb.client import DynamoDB, DynamoDBError
from fashion_kit.errors import ShopError
from recommender.errors import StoreUnavailableError
from recommender.picks.catalogue import Availability, Catalogue, Kind, ProductFacts
from recommender.picks.stored import StoredShopper
from recommender.stores import aws_errors

# The fence stays behind: it is of no use to a reader.
_SERVED: Final = f"{SHOPPERS_KEY}, history, cart, bought, picks, model"
_FORGET: Final = "REMOVE history, cart, bought, picks, model SET expires_at = :until"
_BATCH_GET_LIMIT: Final = 100
_UNPROCESSED: Final = "UnprocessedKeys"
_COLUMNS: Final = (
    "SELECT id, master_category, sub_category, article_type, price, stock > 0, is_active"
    " FROM products"
)
_ALL: Final = text(f"{_COLUMNS} ORDER BY created_at, id")
_NOW: Final = text("SELECT UTC_TIMESTAMP(6)")
_CHANGED: Final = text(f"{_COLUMNS} WHERE updated_at >= :since ORDER BY created_at, id")


class PicksRepository:
    """Reads shoppers for those who look at their picks, half a read unit each, and forgets them.

    Who asks while a shopper is being read shares the reading; who asks for another one at the same
    time shares the call.
    """

    def __init__(self, dynamodb: DynamoDB, table: str, *, in_flight: int, queued: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        limits = BatchLimits(_BATCH_GET_LIMIT, _BATCH_GET_LIMIT, queued, in_flight)
        self._batcher: Batcher[str, StoredShopper] = Batcher(self._read_many, limits=limits)
        self._reading: dict[str, asyncio.Future[StoredShopper]] = {}

    async def get(self, user_id: str) -> StoredShopper:
        """Return the shopper; one who is not known has done nothing yet.

        Raises OverloadedError when too many wait, StoreUnavailableError when DynamoDB fails.
        """
        reading = self._reading.get(user_id)
        if reading is not None:
            # One who goes away does not take the reading from the others.
            return await asyncio.shield(reading)
        reading = self._reading[user_id] = asyncio.get_running_loop().create_future()
        try:
            stored = await self._read(user_id)
        except BaseException as error:
            is_ours = isinstance(error, ShopError)
            reading.set_exception(error if is_ours else _failed(type(error).__name__))
            reading.exception()  # perhaps nobody shares it, and asyncio would complain
            raise
        finally:
            del self._reading[user_id]
        reading.set_result(stored)
        return stored

    async def forget(self, user_id: str, *, until: datetime) -> None:
        """Drop all that is known of the shopper, and some time after `until` the item itself.

        The fence stays: what the stream delivers again must not bring back what was forgotten.
        """
        with aws_errors("forget a shopper"):
            try:
                await self._dynamodb.call(
                    "UpdateItem",
                    {
                        "TableName": self._table,
                        "Key": {SHOPPERS_KEY: {"S": user_id}},
                        "UpdateExpression": _FORGET,
                        "ConditionExpression": f"attribute_exists({SHOPPERS_KEY})",
                        "ExpressionAttributeValues": {":until": {"N": str(int(until.timestamp()))}},
                    },
                )
            except DynamoDBError as error:
                if error.code != "ConditionalCheckFailedException":
                    raise

    async def check(self) -> None:
        """Raise StoreUnavailableError unless the table answers."""
        await self.get("-")

    async def close(self) -> None:
        """Take nothing more, and return when everything taken has been answered."""
        await self._batcher.drain()

    async def _read(self, user_id: str) -> StoredShopper:
        try:
            (shopper,) = await self._batcher.submit((user_id,))
        except UndeliveredError as error:
            raise _failed(_UNPROCESSED) from error
        return shopper

    async def _read_many(self, user_ids: Sequence[str]) -> Sequence[StoredShopper | Refused]:
        request = {
            self._table: {
                "Keys": [{SHOPPERS_KEY: {"S": user_id}} for user_id in user_ids],
                "ProjectionExpression": _SERVED,
            }
        }
        with aws_errors("read shoppers"):
            answer = await self._dynamodb.call("BatchGetItem", {"RequestItems": request})
        items = {item[SHOPPERS_KEY]["S"]: item for item in answer["Responses"][self._table]}
        left = answer["UnprocessedKeys"].get(self._table, {}).get("Keys", ())
        refused = {key[SHOPPERS_KEY]["S"] for key in left}
        return [
            Refused(_UNPROCESSED) if user_id in refused else _stored(user_id, items.get(user_id))
            for user_id in user_ids
        ]


class CatalogueRepository:
    """Reads the products: all of them once, then those that have changed.

    A change is visible only once its transaction has committed, but bears the time at which it was
    made. So each reading goes back behind the one before by `overlap`. Both times are the
    database's, so that no server's wrong clock hides a sale.
    """

    def __init__(self, engine: Engine, *, overlap: timedelta) -> None:
        self._engine = engine
        self._overlap = overlap

    def read(self, before: Catalogue) -> Catalogue:
        """Return the catalogue as it is now."""
        statement = _ALL
        if before.read_at is not None:
            since = (before.read_at - self._overlap).astimezone(UTC).replace(tzinfo=None)
            statement = _CHANGED.bindparams(since=since)
        try:
            with self._engine.connect() as connection:
                read_at = connection.execute(_NOW).scalar_one().replace(tzinfo=UTC)
                rows = connection.execute(statement).all()
        except SQLAlchemyError as error:
            raise StoreUnavailableError("read the catalogue", type(error).__name__) from error
        return before.changed([_facts(*row) for row in rows], read_at)


def _failed(code: str) -> StoreUnavailableError:
    return StoreUnavailableError("read a shopper", code)


def _stored(user_id: str, item: Attributes | None) -> StoredShopper:
    for value in item.values() if item else ():
        if "B" in value:
            value["B"] = a2b_base64(value["B"])
    return StoredShopper(user_id, item)


def _facts(product_id: int, *rest: Any) -> ProductFacts:
    master, sub, article_type, price, in_stock, is_active = rest
    availability = Availability.IN_STOCK if in_stock else Availability.SOLD_OUT
    if not is_active:
        availability = Availability.RETIRED
    return ProductFacts(product_id, Kind(master, sub, article_type), price, availability)
