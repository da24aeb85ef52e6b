"""Kinesis that keeps nothing, DynamoDB in memory, 5 ms each: `python -m bench.stand_in PORT`."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from typing import Any, cast

import uvloop

LATENCY_SECONDS = 0.005
KEYS = ("user_id", "scope", "name")
Content = Callable[[bytes, bytes], bytes]
"""From a request's head and body to the answer's body."""
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ENTRY = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}


class _Tables:
    """Just enough of DynamoDB: conditions are taken for granted."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Any]] = {}

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, object]:
        """Return what DynamoDB would, to one of the operations that are measured."""
        match operation:
            case "PutItem":
                table = self._items.setdefault(request["TableName"], {})
                table[_key_of(request["Item"])] = request["Item"]
                return {}
            case "GetItem":
                found = self._found(request["TableName"], [request["Key"]], request)
                return {"Item": found[0]} if found else {}
            case "Scan":
                return {"Items": [*self._items.get(request["TableName"], {}).values()]}
            case _:
                ((table_name, asked),) = request["RequestItems"].items()
                found = self._found(table_name, asked["Keys"], asked)
                return {"Responses": {table_name: found}, "UnprocessedKeys": {}}

    def _found(
        self, table_name: str, keys: list[dict[str, Any]], asked: dict[str, Any]
    ) -> list[dict[str, Any]]:
        table = self._items.get(table_name, {})
        items = [table[key] for key in map(_key_of, keys) if key in table]
        if "ProjectionExpression" not in asked:
            return items
        names = asked["ProjectionExpression"].replace("#", "").split(", ")
        return [{name: item[name] for name in names if name in item} for item in items]


def _key_of(attributes: dict[str, Any]) -> str:
    key: str = next(attributes[name]["S"] for name in KEYS if name in attributes)
    return key


class StandIn(asyncio.Protocol):
    """Answers each request, of which a connection carries one at a time, after the latency."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's, but not their type.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self._received = b""
        asyncio.get_running_loop().call_later(LATENCY_SECONDS, self._answer, head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        content = self._content(head, body)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(content), content)
        )


async def serve(port: int, content: Content) -> None:
    """Serve until the process is told to end."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: StandIn(content), "127.0.0.1", port)
    await server.serve_forever()


def aws() -> Content:
    """Return what takes records for a stream, and keeps what is put into tables."""
    tables = _Tables()

    def content(head: bytes, body: bytes) -> bytes:
        answer: dict[str, object] = dict(_ENTRY)
        if b"Kinesis_20131202.PutRecords" in head:
            records = body.count(b'"PartitionKey"')
            answer = {"FailedRecordCount": 0, "Records": [_ENTRY] * records}
        elif (place := head.find(b"DynamoDB_20120810.")) >= 0:
            operation = head[place:].split(b".", 1)[1].split(b"\r", 1)[0].decode()
            answer = tables.answer(operation, json.loads(body))
        return json.dumps(answer).encode()

    return content


def _content_length(head: bytes) -> int:
    match = _CONTENT_LENGTH.search(head)
    return int(match[1]) if match else 0


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), aws()))
