"""From the bytes of a landing zone object to its lines: what can be read is read."""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

CHUNK_BYTES = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class Line(NamedTuple):
    """One line with its number from 1, or the fault that ended the object there."""

    number: int
    content: bytes
    fault: str | None = None


def lines_of(payload: bytes) -> Iterator[Line]:
    """Yield the lines of a gzip object; blank ones, such as after the last newline, are none.

    A broken or truncated object yields all that came before the break, and then the fault.
    """
    content, fault = gunzip(payload)
    number = 0
    for number, line in enumerate(content.split(b"\n"), start=1):
        if stripped := line.strip():
            yield Line(number, stripped)
    if fault is not None:
        yield Line(number + 1, b"", fault)


def gunzip(payload: bytes) -> tuple[bytes, str | None]:
    """Return what could be unpacked of all gzip members, and what was wrong with the rest."""
    unpacked = bytearray()
    position = 0
    member = zlib.decompressobj(_GZIP)
    is_complete = False
    while position < len(payload):
        # In pieces: an error costs the piece it is in, not everything before it.
        piece = payload[position : position + CHUNK_BYTES]
        position += len(piece)
        try:
            unpacked += member.decompress(piece)
        except zlib.error as error:
            return bytes(unpacked), f"broken gzip: {error}"
        is_complete = member.eof
        if is_complete:
            position -= len(member.unused_data)
            member = zlib.decompressobj(_GZIP)
    return bytes(unpacked), None if is_complete else "truncated gzip"
