"""A stream followed through its splits and merges: each shard in a thread, after all its parents.

The end of a shard is the only time at which there can be new ones, so the shards are listed at the
start and at each end, and never in between. What is finished is known from the checkpoints alone:
a restart goes on where the worker was.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Generic, Protocol, TypeVar

from fashion_kit.logs import get_logger
from infra.local.checkpoints import CheckpointFile
from infra.local.lineage import Shard, is_complete, readable
from infra.local.shards import AWS_ERRORS
from infra.local.workers import Backoff

log = get_logger(__name__)


class ShardWork(Protocol):
    """Whatever works off one shard."""

    def run(self) -> None:
        """Return when a stop was asked for, or the shard has ended and is noted as finished."""
        ...


Work = TypeVar("Work", bound=ShardWork)


@dataclass(frozen=True)
class Followed(Generic[Work]):
    """What a follower needs of a stream, and of the worker that reads it."""

    list_shards: Callable[[], Collection[Shard]]
    begin: Callable[[str], Work]
    """Returns the work of a shard, which goes on behind the shard's checkpoint."""
    checkpoints: Path


class Follower(Generic[Work]):
    """Has every shard of a stream worked off until it is told to stop."""

    def __init__(self, followed: Followed[Work], stop: Event, backoff: Backoff) -> None:
        self.begun: dict[str, Work] = {}
        """The work of every shard since the start; replaced, never changed."""
        self.current: dict[str, Work] = {}
        """The same without the shards that are finished and whose children have been looked for."""
        self._followed = followed
        self._stop = stop
        self._backoff = backoff
        self._returned: SimpleQueue[str] = SimpleQueue()
        self._running: set[str] = set()
        self._crash: Exception | None = None

    def run(self) -> None:
        """Work until a stop is asked for and every shard's thread has ended; raise what one did."""
        self._begin_readable()
        while self._running:
            shard_id = self._returned.get()
            self._running.discard(shard_id)
            if not self._stop.is_set():
                self._begin_readable()
                self.current = {key: work for key, work in self.current.items() if key != shard_id}
        if self._crash is not None:
            raise self._crash

    def _begin_readable(self) -> None:
        new = {
            shard.shard_id: self._followed.begin(shard.shard_id)
            for shard in readable(self._list(), self._is_finished)
            if shard.shard_id not in self._running
        }
        # All in one step: who waits for every shard must not see the first without the others.
        self.begun = self.begun | new
        self.current = self.current | new
        for shard_id, work in new.items():
            log.info("shard_begun", shard=shard_id)
            self._running.add(shard_id)
            Thread(target=self._work_off, args=(shard_id, work), name=shard_id).start()

    def _work_off(self, shard_id: str, work: Work) -> None:
        try:
            work.run()
        except Exception as error:  # noqa: BLE001 - raised again as soon as all threads have ended
            self._crash = error
            self._stop.set()
        finally:
            self._returned.put(shard_id)

    def _list(self) -> Collection[Shard]:
        """Return the shards as soon as AWS tells all of them; none if a stop comes first."""
        while not self._stop.is_set():
            try:
                shards = self._followed.list_shards()
            except AWS_ERRORS as error:
                log.warning("shards_not_listed", error=str(error))
            else:
                if is_complete(shards, self._is_finished):
                    self._backoff.reset()
                    return shards
                log.warning("children_not_listed", shards=len(shards))
            self._backoff.wait()
        return ()

    def _is_finished(self, shard_id: str) -> bool:
        return CheckpointFile(self._followed.checkpoints, shard_id).load().is_finished
