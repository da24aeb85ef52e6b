"""Events that wait on disk: one folder for each process, in it segments, oldest first.

A line is its checksum, its shopper and its record. Only what has reached the disk is acknowledged,
so a line that a crash has torn was promised to nobody, and is passed over.
"""

import fcntl
import os
from binascii import crc32
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

from fashion_kit.ids import IdFactory
from fashion_kit.logs import get_logger
from storefront.stream import MAX_BYTES, StreamRecord

SEGMENT: Final = "*.events"
LOCK: Final = "lock"
# About one call's worth: so much is sent again if the process dies while it drains.
SEGMENT_BYTES: Final = MAX_BYTES

log = get_logger(__name__)


class Segment(NamedTuple):
    """A file of the spool that is no longer written."""

    path: Path
    records: list[StreamRecord]


class Spool:
    """One process's folder, and what processes that have died left in theirs.

    `bytes` is how much waits. Whatever writes or reads is called by one thread at a time.
    """

    def __init__(self, folder: Path, new_id: IdFactory) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.bytes = 0
        self._sizes: dict[Path, int] = {}
        self._file: FileIO | None = None
        with _exclusive(folder / LOCK):
            self._folder = folder / new_id()
            self._folder.mkdir()
            self._lock = _lock(self._folder / LOCK)
            self._next = 1
            for orphan in sorted(folder.iterdir()):
                if orphan.is_dir() and orphan != self._folder:
                    self._adopt(orphan)

    def is_empty(self) -> bool:
        """Say whether nothing waits."""
        return not self._sizes

    def append(self, records: Sequence[StreamRecord]) -> None:
        """Write the records behind all others; on return they have reached the disk."""
        file = self._file or self._begin()
        lines = b"".join(map(to_line, records))
        self._note_size(Path(file.name), len(lines))
        try:
            if file.write(lines) < len(lines):
                raise OSError(ENOSPC, "the disk is full")
            os.fsync(file.fileno())
        except OSError:
            # What follows a half line would be lost with it.
            self.seal()
            raise
        if file.tell() >= SEGMENT_BYTES:
            self.seal()

    def oldest(self) -> Segment | None:
        """Return the oldest segment, which ends with what it holds now; None if nothing waits."""
        if not self._sizes:
            return None
        path = next(iter(self._sizes))
        if self._file is not None and Path(self._file.name) == path:
            self.seal()
        return Segment(path, list(read_lines(path)))

    def remove(self, segment: Segment) -> None:
        """Forget a segment of which everything is on the stream."""
        segment.path.unlink(missing_ok=True)
        self.bytes -= self._sizes.pop(segment.path)

    def seal(self) -> None:
        """Write nothing more into the newest segment."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def close(self) -> None:
        """Leave the folder to whoever comes next."""
        self.seal()
        os.close(self._lock)

    def _begin(self) -> FileIO:
        # Unbuffered: what is written is at once the system's, and a failure leaves nothing behind.
        self._file = FileIO(self._new_path(), "xb")
        # Else the file's name might not survive what its content does.
        _sync_folder(self._folder)
        return self._file

    def _new_path(self) -> Path:
        path = self._folder / f"{self._next:012}.events"
        self._next += 1
        return path

    def _note_size(self, path: Path, added: int) -> None:
        self._sizes[path] = self._sizes.get(path, 0) + added
        self.bytes += added

    def _adopt(self, orphan: Path) -> None:
        try:
            lock = _lock(orphan / LOCK)
        except BlockingIOError:
            return
        for path in sorted(orphan.glob(SEGMENT)):
            own = path.rename(self._new_path())
            self._note_size(own, own.stat().st_size)
        _sync_folder(self._folder)
        (orphan / LOCK).unlink()
        orphan.rmdir()
        os.close(lock)


def to_line(record: StreamRecord) -> bytes:
    """Return the record as a line of the spool."""
    content = b"%b %b" % (record.partition_key.encode(), record.data)
    return b"%08x %b" % (crc32(content), content)


def read_lines(path: Path) -> Iterator[StreamRecord]:
    """Yield a segment's records; pass over lines that are not whole."""
    with path.open("rb") as file:
        for line in file:
            checksum, _, content = line.partition(b" ")
            if b"%08x" % crc32(content) == checksum:
                key, _, data = content.partition(b" ")
                yield StreamRecord(key.decode(), data)
            else:
                log.warning("spool_line_is_torn", segment=path.name)


def _lock(path: Path) -> int:
    """Return the locked file; raise BlockingIOError if a process that lives holds it."""
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise
    return file


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    # Whoever moves in looks for orphans alone: else two would adopt one, or each other.
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
