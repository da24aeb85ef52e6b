"""The trends table: what the rankers need in one item, and one item for each window counted.

scope       S  key: `ranking`, or a dimension such as `article_type`
part        S  sort key: `current`, or the window, `window#24h`
products    M  for the rankers, by scope (`global`, `gender#Women`): 8 bytes each, best first:
               product u32, score f32 (1 for the best)
values      B  of a window, as JSON, best first by lift: value, count, count before, shoppers, lift
counted_at  S  when they were counted: the window's end
expires_at  N  when DynamoDB may drop the item, in seconds since 1970

Rankers read in every Lambda, so their item is one, and does not lie among the windows.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from fashion_contracts.picks import TRENDS_KEY, TRENDS_SORT_KEY
from recommender.stores import aws_errors
from recommender.trends.schemas import (
    CountedWindow,
    CountedWindows,
    Dimension,
    Trend,
    TrendingValue,
    Trends,
    Window,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RANKING: Final = "ranking"
CURRENT: Final = "current"
_TREND: Final = struct.Struct("<If")


class TrendsRepository:
    """Reads and writes the trends table."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self) -> Trends:
        """Return the trends of every scope."""
        item = self._get(RANKING, CURRENT)
        by_scope: dict[str, Trend] = {}
        for scope, packed in item["products"]["M"].items() if item else ():
            by_scope[scope] = tuple(_TREND.iter_unpack(bytes(packed["B"])))
        return Trends(by_scope)

    def write(
        self, trends: Mapping[str, Sequence[tuple[int, float]]], *, at: datetime, until: datetime
    ) -> None:
        """Replace the trends of all scopes at once."""
        packed = {
            scope: {"B": b"".join(_TREND.pack(*scored) for scored in products)}
            for scope, products in trends.items()
        }
        self._put(RANKING, CURRENT, {"products": {"M": packed}}, at=at, until=until)

    def read_windows(self) -> CountedWindows:
        """Return every window that was counted."""
        read = {key: self.read_window(*key) for key in product(Dimension, Window)}
        return {key: window for key, window in read.items() if window is not None}

    def read_window(self, dimension: Dimension, window: Window) -> CountedWindow | None:
        """Return what a dimension's window counted; None before the first time."""
        item = self._get(dimension, _part(window))
        if item is None:
            return None
        values = [TrendingValue(*row) for row in json.loads(bytes(item["values"]["B"]))]
        return CountedWindow(datetime.fromisoformat(item["counted_at"]["S"]), values)

    def write_windows(
        self,
        counted: Mapping[tuple[Dimension, Window], Sequence[TrendingValue]],
        *,
        at: datetime,
        until: datetime,
    ) -> None:
        """Replace these windows, which end `at`."""
        for (dimension, window), values in counted.items():
            rows = [astuple(value) for value in values]
            packed = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
            self._put(dimension, _part(window), {"values": {"B": packed}}, at=at, until=until)

    def _get(self, scope: str, part: str) -> Any:
        with aws_errors("read the trends"):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(scope, part))
        return answer.get("Item")

    def _put(
        self, scope: str, part: str, content: dict[str, Any], *, at: datetime, until: datetime
    ) -> None:
        counted = {
            "counted_at": {"S": at.isoformat()},
            "expires_at": {"N": str(int(until.timestamp()))},
        }
        with aws_errors("write the trends"):
            self._dynamodb.put_item(
                TableName=self._table, Item=_key(scope, part) | content | counted
            )


def _key(scope: str, part: str) -> dict[str, Any]:
    return {TRENDS_KEY: {"S": scope}, TRENDS_SORT_KEY: {"S": part}}


def _part(window: Window) -> str:
    return f"window#{window}"
