"""Reading an object: what can be read is read, whatever the rest looks like."""

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.events.lines import CHUNK_BYTES, Line, lines_of

LINES = [b'{"a": 1}', b'{"b": 2}']


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n", b"\n  \n"])
def test_a_trailing_newline_is_no_line(end: bytes) -> None:
    assert [line.content for line in lines_of(gzip.compress(b"\n".join(LINES) + end))] == LINES


def test_a_line_keeps_its_number_when_blank_ones_come_before() -> None:
    assert list(lines_of(gzip.compress(b"\n\nx\n"))) == [Line(3, b"x")]


def test_joined_gzip_members_are_one_object() -> None:
    payload = gzip.compress(LINES[0] + b"\n") + gzip.compress(LINES[1] + b"\n")

    assert [line.content for line in lines_of(payload)] == LINES


def test_an_empty_object_is_a_fault() -> None:
    assert list(lines_of(b"")) == [Line(2, b"", "truncated gzip")]


def test_an_object_that_is_no_gzip_is_a_fault() -> None:
    (line,) = lines_of(b'{"a": 1}\n')

    assert line.fault is not None
    assert line.fault.startswith("broken gzip")


def test_a_truncated_object_gives_its_whole_lines_and_then_the_fault() -> None:
    content = b"".join(b"%d %d\n" % (i, random.Random(i).getrandbits(64)) for i in range(5000))
    payload = gzip.compress(content)

    *lines, fault = lines_of(payload[: len(payload) // 2])

    assert fault.fault == "truncated gzip"
    assert len(lines) > 1000
    assert all(line.content in content for line in lines)


def test_an_object_broken_in_its_middle_gives_what_came_before() -> None:
    content = random.Random(1).randbytes(3 * CHUNK_BYTES).hex().encode()
    content = b"\n".join(content[i : i + 100] for i in range(0, len(content), 100))
    payload = bytearray(gzip.compress(content))
    payload[-CHUNK_BYTES:] = bytes(CHUNK_BYTES)

    *lines, fault = lines_of(bytes(payload))

    assert fault.fault is not None
    assert len(lines) > 100


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise(payload: bytes) -> None:
    list(lines_of(payload))


@given(st.lists(st.binary(min_size=1, max_size=50).filter(lambda line: b"\n" not in line)))
def test_lines_read_back_as_they_were_written(lines: list[bytes]) -> None:
    written = [line.strip() for line in lines if line.strip()]

    assert [line.content for line in lines_of(gzip.compress(b"\n".join(lines)))] == written
