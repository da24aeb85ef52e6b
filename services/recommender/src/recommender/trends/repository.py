"""The trends table: for each scope one item with its trending products.

scope       S  key: `global`, `category#Apparel`, `gender#Women`
part        S  sort key: `current`
products    B  8 bytes each, best first: product u32, score f32 (1 for the best)
counted_at  S  when they were counted
expires_at  N  when DynamoDB may drop the item, in seconds since 1970
"""

import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from fashion_contracts.picks import TRENDS_KEY, TRENDS_SORT_KEY
from recommender.stores import aws_errors
from recommender.trends.schemas import Trend, Trends

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CURRENT: Final = "current"
_TREND: Final = struct.Struct("<If")


class TrendsRepository:
    """Reads and writes the trends table."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self) -> Trends:
        """Return the trends of every scope."""
        by_scope: dict[str, Trend] = {}
        with aws_errors("read the trends"):
            pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table)
            for page in pages:
                for item in page["Items"]:
                    packed = bytes(item["products"]["B"])
                    by_scope[item[TRENDS_KEY]["S"]] = tuple(_TREND.iter_unpack(packed))
        return Trends(by_scope)

    def write(
        self, trends: Mapping[str, Sequence[tuple[int, float]]], *, at: datetime, until: datetime
    ) -> None:
        """Replace the trends of these scopes."""
        for scope, products in trends.items():
            packed = b"".join(_TREND.pack(product, score) for product, score in products)
            with aws_errors("write the trends"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item={
                        TRENDS_KEY: {"S": scope},
                        TRENDS_SORT_KEY: {"S": CURRENT},
                        "products": {"B": packed},
                        "counted_at": {"S": at.isoformat()},
                        "expires_at": {"N": str(int(until.timestamp()))},
                    },
                )
