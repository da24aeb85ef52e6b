"""How far each shard has been worked off: one small file a shard, never half written."""

import os
from pathlib import Path

from pydantic import BaseModel


class Checkpoint(BaseModel):
    """The last record of a shard that is done, and the end of the batch that is being written."""

    sequence_number: str | None = None
    """The last record that is done; None means that the shard is read from its beginning."""
    planned_end: str | None = None
    """The last record of a batch that may or may not have been written when the worker died."""
    is_finished: bool = False
    """Whether the shard has ended, by a split or a merge, and all its records are done."""


class CheckpointFile:
    """The checkpoint of one shard in a folder; what was saved survives a power cut."""

    def __init__(self, folder: Path, shard_id: str) -> None:
        self._path = folder / f"{shard_id}.json"

    def load(self) -> Checkpoint:
        """Return the latest checkpoint saved, or an empty one."""
        if not self._path.exists():
            return Checkpoint()
        return Checkpoint.model_validate_json(self._path.read_bytes())

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint; when this returns, it is on the disk."""
        replace_file(self._path, checkpoint.model_dump_json().encode(), durable=True)

    def finish(self) -> None:
        """Note that the shard has ended and all its records are done."""
        done = self.load().sequence_number
        self.save(Checkpoint(sequence_number=done, is_finished=True))


def replace_file(path: Path, content: bytes, *, durable: bool) -> None:
    """Put the content in the file's place in one step: readers see the old or the new, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    with unfinished.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    unfinished.replace(path)
    if durable:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Put the folder itself on the disk: until then a power cut may bring the old name back."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
