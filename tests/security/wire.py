"""Bytes to a server as an attacker sends them, and all that comes back."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from urllib.parse import urlsplit

PATIENCE_SECONDS = 20
"""How long the server may take until a test gives up; many times what it is told."""
PACE_SECONDS = 0.1
PIECE = b"a" * 64 * 1024


@dataclass
class Wire:
    """One connection."""

    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)

    def send(self, data: bytes) -> bool:
        """Send; say whether the server still takes it."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def read_to_end(self) -> bytes:
        """Return all that comes until the server closes the connection; fail if it does not."""
        self.socket.settimeout(PATIENCE_SECONDS)
        try:
            while piece := self.socket.recv(65_536):
                self.received += piece
        except ConnectionResetError:
            pass  # closed while something of ours was not read yet
        return bytes(self.received)

    def drip(self, piece: bytes = b"a") -> bytes:
        """Send a piece now and then until the server closes the connection; return what it said."""
        self.socket.settimeout(PACE_SECONDS)
        for _ in range(round(PATIENCE_SECONDS / PACE_SECONDS)):
            try:
                if not (answer := self.socket.recv(65_536)):
                    return bytes(self.received)
                self.received += answer
            except TimeoutError:
                pass
            except ConnectionResetError:
                return bytes(self.received)
            if piece and not self.send(piece):
                return self.read_to_end()
        raise AssertionError(f"still open; received {bytes(self.received)!r}")

    def drip_unread(self, piece: bytes = b"a") -> None:
        """Send a piece now and then, and read nothing, until the server takes no more."""
        for _ in range(round(PATIENCE_SECONDS / PACE_SECONDS)):
            if not self.send(piece):
                return
            Event().wait(PACE_SECONDS)
        raise AssertionError("still open")

    def flood(self, piece: bytes = PIECE, *, megabytes: int = 32) -> bytes:
        """Send pieces without end until the server takes no more; return what it said."""
        for _ in range(megabytes * 1024 * 1024 // len(piece)):
            if not self.send(piece):
                return self.read_to_end()
        raise AssertionError(f"{megabytes} MB were taken")


@contextmanager
def connect(url: str, *, window: int | None = None) -> Iterator[Wire]:
    """Open a connection to the server of the URL, which takes so many bytes before it is read."""
    address = urlsplit(url)
    with socket.socket() as opened:
        if window is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        opened.settimeout(PATIENCE_SECONDS)
        opened.connect((str(address.hostname), address.port or 80))
        yield Wire(opened)


def status_of(answer: bytes) -> int:
    """Return the status of the first answer."""
    return int(answer.split(b" ", 2)[1])


def is_problem(answer: bytes) -> bool:
    """Say whether the first answer is a problem in the one shape of the house."""
    return b"content-type: application/problem+json" in answer.partition(b"\r\n\r\n")[0].lower()
