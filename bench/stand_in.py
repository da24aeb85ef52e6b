"""A Kinesis that takes 5 ms and keeps nothing: `python -m bench.stand_in PORT`."""

import asyncio
import json
import sys
from typing import cast

import uvloop

LATENCY_SECONDS = 0.005
_ENTRY = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}


class _Kinesis(asyncio.Protocol):
    def __init__(self) -> None:
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
        answer: dict[str, object] = dict(_ENTRY)
        if b"Kinesis_20131202.PutRecords" in head:
            records = body.count(b'"PartitionKey"')
            answer = {"FailedRecordCount": 0, "Records": [_ENTRY] * records}
        content = json.dumps(answer).encode()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(content), content)
        )


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(port: int) -> None:
    """Serve until the process is told to end."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Kinesis, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
