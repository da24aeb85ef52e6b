"""The shoppers table as the interactions Lambda uses it: read consistently, written fenced."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fashion_contracts.picks import SHOPPERS_KEY, Attributes, Shopper, pack_sequence
from recommender.errors import ShopperChangedError, StoreUnavailableError
from recommender.stores import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_GET_LIMIT: Final = 100
BATCH_GET_ATTEMPTS: Final = 4


class ShoppersRepository:
    """Reads shoppers and replaces them one by one."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, user_id: str) -> Shopper:
        """Return the shopper as last written; one who is not known yet has done nothing."""
        with aws_errors("read a shopper"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={SHOPPERS_KEY: {"S": user_id}}, ConsistentRead=True
            )
        item: Any = answer.get("Item")
        return Shopper.from_attributes(item) if item else Shopper(user_id)

    def get_many(self, user_ids: Iterable[str]) -> dict[str, Shopper]:
        """Return these shoppers as last written."""
        remaining = iter(user_ids)
        shoppers: dict[str, Shopper] = {}
        while ids := list(islice(remaining, BATCH_GET_LIMIT)):
            shoppers |= {user_id: Shopper(user_id) for user_id in ids}
            for item in self._read_batch(ids):
                shopper = Shopper.from_attributes(item)
                shoppers[shopper.user_id] = shopper
        return shoppers

    def put(self, shopper: Shopper, *, instead_of: Shopper) -> None:
        """Replace the shopper; raise ShopperChangedError if it is not the one that was read.

        The sequence number stands for the version: every write makes it larger.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(user_id)"}
        if instead_of.sequence >= 0:
            condition = {
                "ConditionExpression": "#sequence = :read",
                "ExpressionAttributeNames": {"#sequence": "sequence"},
                "ExpressionAttributeValues": {":read": {"B": pack_sequence(instead_of.sequence)}},
            }
        item: Any = shopper.to_attributes()
        with aws_errors("write a shopper"):
            try:
                self._dynamodb.put_item(TableName=self._table, Item=item, **condition)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                raise ShopperChangedError(shopper.user_id) from error

    def _read_batch(self, ids: Sequence[str]) -> list[Attributes]:
        request: Any = {
            self._table: {"Keys": [{SHOPPERS_KEY: {"S": i}} for i in ids], "ConsistentRead": True}
        }
        items: list[Attributes] = []
        for _ in range(BATCH_GET_ATTEMPTS):
            with aws_errors("read shoppers"):
                answer: Any = self._dynamodb.batch_get_item(RequestItems=request)
            items += answer["Responses"].get(self._table, [])
            request = answer.get("UnprocessedKeys")
            if not request:
                return items
        raise StoreUnavailableError("read shoppers", "UnprocessedKeys")
