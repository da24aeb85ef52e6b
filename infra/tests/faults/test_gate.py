import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from infra.faults.gate import Gate

SHORT_SECONDS = 0.3


class CountingServer:
    """Answers each request with its own name, and knows how many it has done."""

    def __init__(self, name: str) -> None:
        self.done: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.done.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port: int = self._http.server_address[1]
        Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[CountingServer]:
    one = CountingServer("first")
    yield one
    one.stop()


@pytest.fixture
def gate(server: CountingServer) -> Iterator[Gate]:
    one = Gate(server.port)
    one.start()
    yield one
    one.stop()


def test_an_open_gate_passes_everything_on(gate: Gate) -> None:
    with httpx.Client() as client:
        assert [client.get(gate.url).text for _ in range(3)] == ["first"] * 3
    assert gate.turned_away == 0


def test_a_gate_that_refuses_resets_who_is_inside_and_who_comes(gate: Gate) -> None:
    with httpx.Client() as client:
        client.get(gate.url)
        gate.refuse()
        with pytest.raises(httpx.TransportError):
            client.get(gate.url)
        with pytest.raises(httpx.TransportError):
            client.get(gate.url)
        gate.open()
        assert client.get(gate.url).text == "first"
    assert gate.turned_away >= 1


def test_a_silent_gate_passes_on_late_what_it_was_given(gate: Gate, server: CountingServer) -> None:
    gate.be_silent()
    with socket.create_connection(("127.0.0.1", gate.port)) as link:
        link.sendall(b"GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n")
        link.settimeout(SHORT_SECONDS)
        with pytest.raises(TimeoutError):
            link.recv(100)
        assert server.done == []
        gate.open()
        link.settimeout(10)
        assert link.recv(100).startswith(b"HTTP/1.1 200")
    assert server.done == ["/late"]


def test_of_a_lost_answer_the_server_has_done_the_work(gate: Gate, server: CountingServer) -> None:
    gate.lose_answers(1.0)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{gate.url}/done")
    assert server.done == ["/done"]
    assert gate.turned_away == 1


def test_a_gate_can_lead_elsewhere(gate: Gate) -> None:
    other = CountingServer("second")
    try:
        gate.lead_to(other.port)
        assert httpx.get(gate.url).text == "second"
    finally:
        other.stop()
