"""The spool: what it has acknowledged is there after any crash, and belongs to one process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.ids import new_id
from storefront.events import spool as spools
from storefront.events.spool import Spool, read_lines, to_line
from storefront.stream import StreamRecord

WRITER = """
import sys
from pathlib import Path
from fashion_kit.ids import new_id
from storefront.events.spool import Spool
from storefront.stream import StreamRecord

spool = Spool(Path(sys.argv[1]), new_id)
number = 0
while True:
    group = [StreamRecord(f"u-{at % 7}", b"%d\\n" % at) for at in range(number, number + 25)]
    spool.append(group)
    number += len(group)
    print(number, flush=True)
"""


def record(number: int, key: str = "u-1") -> StreamRecord:
    return StreamRecord(key, b'{"n":%d}\n' % number)


def drained(spool: Spool) -> list[StreamRecord]:
    found = []
    while (segment := spool.oldest()) is not None:
        found += segment.records
        spool.remove(segment)
    return found


class TestOneProcess:
    def test_what_goes_in_comes_out_in_its_order(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path, new_id)
        spool.append([record(1), record(2, "u-2")])
        spool.append([record(3)])
        assert not spool.is_empty()
        assert drained(spool) == [record(1), record(2, "u-2"), record(3)]
        assert (spool.is_empty(), spool.bytes) == (True, 0)

    def test_what_comes_while_it_drains_is_behind(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path, new_id)
        spool.append([record(1)])
        segment = spool.oldest()
        assert segment is not None
        spool.append([record(2)])
        assert segment.records == [record(1)]
        spool.remove(segment)
        assert drained(spool) == [record(2)]

    def test_a_long_queue_is_many_files(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spools, "SEGMENT_BYTES", 50)
        spool = Spool(tmp_path, new_id)
        records = [record(number) for number in range(20)]
        for one in records:
            spool.append([one])
        assert len(list(tmp_path.rglob("*.events"))) > 5
        assert drained(spool) == records
        assert list(tmp_path.rglob("*.events")) == []

    @given(key=st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True), data=st.text())
    def test_a_line_holds_its_record(
        self, tmp_path_factory: pytest.TempPathFactory, key: str, data: str
    ) -> None:
        path = tmp_path_factory.mktemp("spool") / "1.events"
        one = StreamRecord(key, data.replace("\n", "").encode() + b"\n")
        path.write_bytes(to_line(one))
        assert list(read_lines(path)) == [one]

    @given(cut=st.integers(1, 30))
    def test_a_torn_line_is_passed_over_and_hides_nothing(
        self, tmp_path_factory: pytest.TempPathFactory, cut: int
    ) -> None:
        path = tmp_path_factory.mktemp("spool") / "1.events"
        lines = b"".join(to_line(record(number)) for number in range(3))
        path.write_bytes(lines[:-cut])
        expected = [record(0), record(1)] if cut <= len(to_line(record(2))) else [record(0)]
        assert list(read_lines(path))[:2] == expected

    def test_a_full_disk_acknowledges_nothing_and_loses_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool = Spool(tmp_path, new_id)
        spool.append([record(1)])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", _fails)
            with pytest.raises(OSError, match="no space"):
                spool.append([record(2)])
        spool.append([record(3)])
        # What was not acknowledged may come, what was has to.
        assert {1, 3} <= {int(one.data[5:-2]) for one in drained(spool)}
        assert spool.bytes == 0


class TestSeveralProcesses:
    def test_those_that_live_leave_each_other_alone(self, tmp_path: Path) -> None:
        first = Spool(tmp_path, new_id)
        first.append([record(1)])
        second = Spool(tmp_path, new_id)
        assert second.is_empty()
        second.append([record(2)])
        assert drained(first) == [record(1)]
        assert drained(second) == [record(2)]

    def test_the_next_one_takes_over_what_was_left_in_its_order(self, tmp_path: Path) -> None:
        first = Spool(tmp_path, new_id)
        first.append([record(1)])
        first.seal()
        first.append([record(2)])
        first.close()
        second = Spool(tmp_path, new_id)
        second.append([record(3)])
        assert drained(second) == [record(1), record(2), record(3)]
        assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1

    def test_it_continues_after_what_it_took_over(self, tmp_path: Path) -> None:
        for number in range(4):
            spool = Spool(tmp_path, new_id)
            spool.append([record(number)])
            spool.close()
        assert drained(Spool(tmp_path, new_id)) == [record(number) for number in range(4)]


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    acknowledged = 0
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        count = max(int(writer.stdout.readline()) for _ in range(15))
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        acknowledged += int(rest[-1]) if rest else count
    found = drained(Spool(tmp_path, new_id))
    assert len(found) >= acknowledged
    starts = [at for at, one in enumerate(found) if one.data == b"0\n"]
    for start, end in zip(starts, [*starts[1:], len(found)], strict=True):
        assert [int(one.data) for one in found[start:end]] == list(range(end - start))


def _fails(_: int) -> None:
    raise OSError("no space")
