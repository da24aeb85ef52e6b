"""An answer that breaks off is an error, and never an answer that says less."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from fashion_kit import aws

WHOLE = b'{"Records": [{"SequenceNumber": "1", "ShardId": "s"}], "FailedRecordCount": 0}'
ITEM = b'{"Item": {"name": {"S": "current"}}}'
KEY = {"TableName": "t", "Key": {"name": {"S": "current"}}}
RECORDS = {"StreamName": "s", "Records": [{"Data": b"x", "PartitionKey": "p"}]}
Answer = Callable[[bytes], None]


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """Return a server that answers with its `body`, and ends the connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.end_headers()
            self.wfile.write(made.body)  # type: ignore[attr-defined]

        def log_message(self, *_: Any) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def answer(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answer]:
    """Return what sets the answer; clients that are made afterwards lead to the server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    aws._session.cache_clear()
    yield lambda body: setattr(server, "body", body)
    aws._session.cache_clear()


@pytest.mark.parametrize("length", [0, 1, 14, len(WHOLE) - 1])
def test_records_whose_places_are_not_told_are_not_taken_for_put(
    answer: Answer, length: int
) -> None:
    answer(WHOLE[:length])
    with pytest.raises(BotoCoreError):
        aws.client("kinesis", attempts=1).put_records(**RECORDS)


@pytest.mark.parametrize("length", [1, 10, len(ITEM) - 1])
def test_an_item_that_breaks_off_is_not_taken_for_none(answer: Answer, length: int) -> None:
    answer(ITEM[:length])
    with pytest.raises(BotoCoreError):
        aws.client("dynamodb", attempts=1).get_item(**KEY)


def test_what_is_whole_is_told(answer: Answer) -> None:
    answer(WHOLE)
    put = aws.client("kinesis", attempts=1).put_records(**RECORDS)
    assert put["Records"][0]["SequenceNumber"] == "1"
    answer(b"{}")
    assert "Item" not in aws.client("dynamodb", attempts=1).get_item(**KEY)
