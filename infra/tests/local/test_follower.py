"""When a shard's work begins, when the shards are listed, and how the follower ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.local.checkpoints import CheckpointFile
from infra.local.following import Followed, Follower
from infra.local.lineage import Shard
from infra.local.worker_testing import eventually
from infra.local.workers import Backoff

OLD, LEFT, RIGHT = Shard("old"), Shard("left", ("old",)), Shard("right", ("old",))
BOTH = Shard("both", ("left", "right"))


class BrokenError(Exception):
    """What nobody foresaw."""


@dataclass
class Work:
    """A shard's work, which a test lets end."""

    checkpoint: CheckpointFile
    stop: Event
    ending: Event = field(default_factory=Event)
    error: Exception | None = None

    def run(self) -> None:
        while not (self.ending.is_set() or self.stop.is_set()):
            self.ending.wait(0.001)
        if self.error is not None:
            raise self.error
        if self.ending.is_set():
            self.checkpoint.finish()

    def end(self) -> None:
        self.ending.set()


class Site:
    """A follower over a list of shards that a test writes."""

    def __init__(self, folder: Path, *shards: Shard) -> None:
        self.folder = folder
        self.shards = shards
        self.stop = Event()
        self.lists = 0
        self.outages = 0
        backoff = Backoff(self.stop, first_seconds=0.001, longest_seconds=0.001)
        self.follower = Follower(Followed(self._list, self._begin, folder), self.stop, backoff)

    @contextmanager
    def following(self) -> Iterator[None]:
        thread = Thread(target=self.follower.run)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join()

    def end(self, shard_id: str) -> None:
        eventually(lambda: shard_id in self.follower.begun)
        self.follower.begun[shard_id].end()

    def has_begun(self, *shard_ids: str) -> bool:
        return set(self.follower.begun) == set(shard_ids)

    def _list(self) -> tuple[Shard, ...]:
        self.lists += 1
        if self.outages:
            self.outages -= 1
            raise EndpointConnectionError(endpoint_url="http://kinesis")
        return self.shards

    def _begin(self, shard_id: str) -> Work:
        return Work(CheckpointFile(self.folder, shard_id), self.stop)


def test_a_merges_child_begins_after_the_last_of_its_parents(tmp_path: Path) -> None:
    site = Site(tmp_path, LEFT, RIGHT, BOTH)
    with site.following():
        site.end("left")
        eventually(lambda: set(site.follower.current) == {"right"})
        assert site.has_begun("left", "right")
        site.end("right")
        eventually(lambda: site.has_begun("left", "right", "both"))


def test_shards_are_listed_at_the_start_and_at_each_end_only(tmp_path: Path) -> None:
    site = Site(tmp_path, OLD, LEFT, RIGHT)
    with site.following():
        site.end("old")
        eventually(lambda: site.has_begun("old", "left", "right"))
        assert site.lists == 2


def test_children_that_are_not_listed_yet_are_looked_for_again(tmp_path: Path) -> None:
    site = Site(tmp_path, OLD)
    with site.following():
        site.end("old")
        eventually(lambda: site.lists > 3)
        assert set(site.follower.current) == {"old"}, "who asks for a flush waits for the children"
        site.shards = (OLD, LEFT, RIGHT)
        eventually(lambda: set(site.follower.current) == {"left", "right"})


def test_a_list_that_does_not_come_is_asked_for_again(tmp_path: Path) -> None:
    site = Site(tmp_path, OLD)
    site.outages = 3
    with site.following():
        eventually(lambda: site.has_begun("old"))


def test_what_was_finished_before_a_restart_is_not_begun_again(tmp_path: Path) -> None:
    CheckpointFile(tmp_path, "old").finish()
    CheckpointFile(tmp_path, "left").finish()
    site = Site(tmp_path, OLD, LEFT, RIGHT, BOTH)
    with site.following():
        eventually(lambda: site.has_begun("right"))


def test_a_stop_ends_the_wait_for_a_list(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.following():
        eventually(lambda: site.lists > 1)
    assert site.has_begun()


def test_a_shards_crash_ends_the_others_and_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path, LEFT, RIGHT)

    def break_left() -> None:
        eventually(lambda: site.has_begun("left", "right"))
        site.follower.begun["left"].error = BrokenError()
        site.end("left")

    breaking = Thread(target=break_left)
    breaking.start()
    with pytest.raises(BrokenError):
        site.follower.run()
    breaking.join()
    assert site.stop.is_set()
    assert not CheckpointFile(tmp_path, "left").load().is_finished
