"""A proxy in front of Kinesis that takes some records of a PutRecords call and refuses others.

No emulator throttles a shard, so the real thing is made here: what is refused is not passed on.
"""

import json
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Lock, Thread
from typing import Any

PUT_RECORDS = "Kinesis_20131202.PutRecords"
THROTTLED = "ProvisionedThroughputExceededException"
REFUSAL = {"ErrorCode": THROTTLED, "ErrorMessage": "Rate exceeded for shard."}
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host"}
_TIMEOUT_SECONDS = 30

Call = dict[str, Any]
Forward = Callable[[Call], Call]


def put_some(call: Call, refused: set[int], forward: Forward) -> Call:
    """Forward the records that are not refused; return the answer to the whole call."""
    taken = [record for at, record in enumerate(call["Records"]) if at not in refused]
    answers = iter(forward(call | {"Records": taken})["Records"] if taken else [])
    entries = [REFUSAL if at in refused else next(answers) for at in range(len(call["Records"]))]
    failed = sum("ErrorCode" in entry for entry in entries)
    return {"FailedRecordCount": failed, "Records": entries}


class ShortAnswers:
    """The running proxy: every record of every call is refused with the same probability."""

    def __init__(self, upstream_port: int, *, share: float, seed: int = 1) -> None:
        self.refused = 0
        self._share = share
        self._rng = Random(seed)  # noqa: S311 - no secret
        self._lock = Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                try:
                    proxy.handle(self, upstream_port)
                except ConnectionError:
                    # Whoever asked is gone, or the gate leads elsewhere by now.
                    self.close_connection = True

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing: the proxy counts."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> None:
        """Take calls."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more calls."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def handle(self, asked: BaseHTTPRequestHandler, upstream_port: int) -> None:
        """Answer one request: PutRecords in part, anything else as it is."""
        body = asked.rfile.read(int(asked.headers.get("Content-Length", 0)))
        headers = {
            name: value for name, value in asked.headers.items() if name.lower() not in _HOP_BY_HOP
        }

        def send(content: bytes) -> tuple[int, dict[str, str], bytes]:
            link = HTTPConnection("127.0.0.1", upstream_port, timeout=_TIMEOUT_SECONDS)
            link.request("POST", asked.path, content, headers)
            answer = link.getresponse()
            whole = answer.status, dict(answer.getheaders()), answer.read()
            link.close()
            return whole

        if headers.get("X-Amz-Target") == PUT_RECORDS:
            call = json.loads(body)
            answer = put_some(call, self._draw(call), lambda part: json.loads(_whole(send, part)))
            _reply(asked, 200, {"Content-Type": "application/x-amz-json-1.1"}, _bytes_of(answer))
        else:
            _reply(asked, *send(body))

    def _draw(self, call: Call) -> set[int]:
        with self._lock:
            drawn = {at for at in range(len(call["Records"])) if self._rng.random() < self._share}
            self.refused += len(drawn)
        return drawn


def _whole(send: Callable[[bytes], tuple[int, dict[str, str], bytes]], call: Call) -> bytes:
    status, _, content = send(_bytes_of(call))
    if status != 200:
        raise ConnectionError(content)
    return content


def _bytes_of(call: Call) -> bytes:
    return json.dumps(call).encode()


def _reply(
    asked: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes
) -> None:
    asked.send_response(status)
    for name, value in headers.items():
        if name.lower() not in _HOP_BY_HOP:
            asked.send_header(name, value)
    asked.send_header("Content-Length", str(len(body)))
    asked.end_headers()
    asked.wfile.write(body)
