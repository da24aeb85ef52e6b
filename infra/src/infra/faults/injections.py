"""The faults: each is done to the running shop, takes its time, and says how often it struck."""

import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Literal, Protocol

import httpx

from fashion_kit.ids import new_id
from infra.faults.microburst import Microburst, Rule
from infra.faults.poison import Place
from infra.faults.shop import GatedShop
from infra.faults.short_answers import ShortAnswers
from infra.local.lineage import list_shards

Struck = Counter[str]
GateName = Literal["aws", "kinesis", "database"]

_PROBE_SECONDS = 0.5


class CannotInjectError(Exception):
    """Raised when this machine cannot do such a fault; says why."""


class PromiseBrokenError(Exception):
    """Raised when the shop does not do during a fault what it promises; says what."""


class Fault(Protocol):
    """Something that goes wrong, from its beginning to its end."""

    def inject(self, shop: GatedShop) -> Struck:
        """Do it; return when it is over, and say how often each thing was done."""
        ...


@dataclass(frozen=True)
class Kill:
    """A process ends by SIGKILL and is started again a little later, some times in a row."""

    service: str
    times: int = 2
    down_seconds: float = 2
    up_seconds: float = 3

    def inject(self, shop: GatedShop) -> Struck:
        """Kill it, and start it again."""
        for turn in range(self.times):
            _rest(self.up_seconds if turn else 0)
            shop.stack.service(self.service).process.kill()
            _rest(self.down_seconds)
            shop.start(self.service)
        return Counter({"kill -9": self.times})


@dataclass(frozen=True)
class KillDatabase:
    """MariaDB ends by SIGKILL and is started again a little later, some times in a row."""

    times: int = 2
    down_seconds: float = 2
    up_seconds: float = 4

    def inject(self, shop: GatedShop) -> Struck:
        """Kill it, and start it again."""
        for turn in range(self.times):
            _rest(self.up_seconds if turn else 0)
            shop.stack.database.kill()
            _rest(self.down_seconds)
            shop.stack.database.start()
        return Counter({"kill -9": self.times})


@dataclass(frozen=True)
class Away:
    """A store refuses connections, or takes them and is silent."""

    gates: Sequence[GateName]
    seconds: float
    is_silent: bool = False

    def inject(self, shop: GatedShop) -> Struck:
        """Close the gates, and open them when the time is over."""
        gates = [getattr(shop, name) for name in self.gates]
        before = sum(gate.turned_away for gate in gates)
        for gate in gates:
            if self.is_silent:
                gate.be_silent()
            else:
                gate.refuse()
        _rest(self.seconds)
        shop.open_gates()
        if self.is_silent:
            return Counter({f"{self.seconds:.0f} s of silence": 1})
        return Counter({"refused connections": sum(g.turned_away for g in gates) - before})


@dataclass(frozen=True)
class LostAnswers:
    """A store does its work, and a share of its answers never arrives."""

    gate: GateName
    share: float
    seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Lose answers for a while."""
        gate = getattr(shop, self.gate)
        before = gate.turned_away
        gate.lose_answers(self.share)
        _rest(self.seconds)
        shop.open_gates()
        return Counter({"lost answers": gate.turned_away - before})


@dataclass(frozen=True)
class Disturbed:
    """microburst stands before a store and fails by these rules."""

    gate: GateName
    rules: Sequence[Rule]
    seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Lead the gate through microburst for a while."""
        stack = shop.stack
        is_mysql = self.gate == "database"
        server = stack.database.port if is_mysql else stack.aws.port
        burst = Microburst("mysql" if is_mysql else "http", server, stack.config.folder / "logs")
        try:
            burst.start(self.rules)
            getattr(shop, self.gate).lead_to(burst.port)
            _rest(self.seconds)
            struck = burst.fired()
        finally:
            shop.open_gates()
            burst.stop()
        if not struck:
            raise PromiseBrokenError("no fault fired: nobody called the store")
        return struck


@dataclass(frozen=True)
class PartialPuts:
    """Kinesis takes some records of each PutRecords call and refuses the others."""

    share: float
    seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Lead the stream's gate through the proxy for a while."""
        proxy = ShortAnswers(shop.stack.aws.port, share=self.share)
        proxy.start()
        try:
            shop.kinesis.lead_to(proxy.port)
            _rest(self.seconds)
        finally:
            shop.open_gates()
            proxy.stop()
        return Counter({"refused records": proxy.refused})


@dataclass(frozen=True)
class Poison:
    """Records that are no event lie on the stream between the others."""

    contents: Sequence[bytes]
    times: int
    pause_seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Put them on the stream, some at a time."""
        kinesis = shop.stack.aws.client("kinesis")
        stream = shop.stack.environments.resources.event_stream
        for _ in range(self.times):
            records = [{"PartitionKey": new_id(), "Data": content} for content in self.contents]
            answers = kinesis.put_records(StreamName=stream, Records=records)["Records"]
            for content, answer in zip(self.contents, answers, strict=True):
                shop.poison[Place(answer["ShardId"], answer["SequenceNumber"])] = content
            _rest(self.pause_seconds)
        return Counter({"poison records": self.times * len(self.contents)})


@dataclass(frozen=True)
class FullDisk:
    """The stream is away, and the disk on which events wait for it is soon full."""

    size_kib: int
    seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Give the spool a small disk, close the stream, and see what is answered then."""
        if os.geteuid() != 0:
            raise CannotInjectError("only root may mount a small disk")
        self._mount(shop)
        shop.kinesis.refuse()
        busy = sum(self._answers_busy(shop) for _ in range(round(self.seconds / _PROBE_SECONDS)))
        shop.open_gates()
        if not busy:
            raise PromiseBrokenError("the disk was full, and no answer said so")
        return Counter({"answers 503 with Retry-After": busy})

    def _mount(self, shop: GatedShop) -> None:
        spool = shop.stack.config.folder / "spool"
        storefront = shop.stack.service("storefront")
        storefront.process.stop()
        options = ("-t", "tmpfs", "-o", f"size={self.size_kib}k", "tmpfs", str(spool))
        mounted = subprocess.run(["/bin/mount", *options])  # noqa: S603 - our own words
        if mounted.returncode == 0:
            shop.afterwards.callback(self._unmount, shop)
        shop.start("storefront")
        shop.stack.service("storefront").wait_until_ready()
        if mounted.returncode != 0:
            raise CannotInjectError("this machine lets nobody mount a small disk")

    def _unmount(self, shop: GatedShop) -> None:
        shop.stack.service("storefront").process.stop()
        spool = shop.stack.config.folder / "spool"
        subprocess.run(["/bin/umount", str(spool)], check=True)  # noqa: S603 - our own folder
        shop.start("storefront")
        shop.stack.service("storefront").wait_until_ready()

    def _answers_busy(self, shop: GatedShop) -> bool:
        _rest(_PROBE_SECONDS)
        try:
            shop.looker.click(1)
        except httpx.HTTPStatusError as error:
            shop.unsure_clicks += 1
            if error.response.status_code != 503 or "Retry-After" not in error.response.headers:
                raise PromiseBrokenError(f"answered {error.response.status_code}") from error
            return True
        return False


@dataclass(frozen=True)
class ClockJumps:
    """The clocks of the shoppers' machines jump ahead and back."""

    jumps: Sequence[timedelta]
    pause_seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Set the clocks, one jump after the other, and at last right."""
        for jump in self.jumps:
            shop.client_clock.offset = jump
            _rest(self.pause_seconds)
        shop.client_clock.offset = timedelta()
        return Counter({"jumps": len(self.jumps) + 1})


@dataclass(frozen=True)
class Reshard:
    """The stream gets so many shards, one number after the other, while its readers are dead.

    So parents and children alike hold records that wait when the readers come back.
    """

    shard_counts: Sequence[int]
    killed: Sequence[str]
    down_seconds: float
    """How long they are dead before it, and again after it."""
    up_seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Split and merge shards while records come and nobody reads them."""
        stream = shop.stack.environments.resources.event_stream
        if shop.kinesis_local is None:
            raise CannotInjectError("the stream is at an endpoint that cannot reshard")
        for count in self.shard_counts:
            for name in self.killed:
                shop.stack.service(name).process.kill()
            _rest(self.down_seconds)
            shop.kinesis_local.reshard(stream, count)
            _rest(self.down_seconds)
            for name in self.killed:
                shop.start(name)
            _rest(self.up_seconds)
        shards = list_shards(shop.streams.client("kinesis"), stream)
        ended = {parent for shard in shards for parent in shard.parents}
        return Counter(
            {"shards ended": len(ended), "kill -9": len(self.shard_counts) * len(self.killed)}
        )


def _rest(seconds: float) -> None:
    Event().wait(seconds)
