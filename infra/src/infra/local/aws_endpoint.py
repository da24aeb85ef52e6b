"""The AWS endpoint of this machine: ministack, pinned, in its own environment, loopback only."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import httpx

from infra.local.locks import exclusive
from infra.local.paths import LOCAL, ROOT
from infra.local.processes import Process, free_port
from infra.local.settings import inherited_environment

REGION = "us-east-1"
REQUIREMENTS = ROOT / "requirements/aws.txt"
# Not imported: it runs on the endpoint's own interpreter.
LAUNCHER = Path(__file__).with_name("aws_launcher.py")
START_SECONDS = 30


class AwsAddress:
    """Where an endpoint answers: what its clients need to know of it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def environment(self) -> dict[str, str]:
        """Return the variables by which boto3 and pyiceberg find this endpoint and no other."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: Any) -> Any:
        """Return a client of this endpoint, whatever this process's own environment says."""
        environment = self.environment()
        session = boto3.session.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        return session.client(service, endpoint_url=self.url)

    def is_healthy(self) -> bool:
        """Say whether it answers."""
        try:
            return httpx.get(f"{self.url}/_ministack/health", timeout=2).is_success
        except httpx.TransportError:
            return False

    def reset(self) -> None:
        """Empty it: no stream, table or bucket is left."""
        httpx.post(f"{self.url}/_ministack/reset", timeout=10).raise_for_status()


class AwsEndpoint(AwsAddress):
    """One running endpoint with its state in a folder; what it holds survives a clean stop."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.port = port or free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self._folder = folder
        self._temp = folder / "tmp"
        self._process = Process("aws", folder / "aws.log")

    @property
    def pid(self) -> int | None:
        """Return the server's process id, or None if it does not run."""
        return self._process.pid

    def start(self) -> None:
        """Start the endpoint and wait until it is healthy."""
        self._temp.mkdir(parents=True, exist_ok=True)
        settings = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._folder / "s3"),
            "TMPDIR": str(self._temp),
        }
        env = inherited_environment() | self.environment() | settings
        self._process.start([_python(), LAUNCHER], env, cwd=self._folder)
        self._process.wait_until(self.is_healthy, seconds=START_SECONDS)

    def stop(self) -> None:
        """Stop it after it has written its state down."""
        self._process.stop()
        # It leaves the unpacked code of every function behind.
        shutil.rmtree(self._temp, ignore_errors=True)

    def kill(self) -> None:
        """End it as a power cut would: everything since the last clean stop is gone."""
        self._process.kill()


def _python() -> Path:
    """Return the endpoint's interpreter, making its environment when its pins have changed."""
    place = LOCAL / "aws"
    python = place / "bin/python"
    marker = place / "installed-requirements.txt"
    with exclusive(LOCAL / "aws.lock"):
        if not marker.exists() or marker.read_bytes() != REQUIREMENTS.read_bytes():
            uv = Path(sys.executable).parent / "uv"
            pip: list[str | Path] = [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                python,
                "--require-hashes",
            ]
            venv: list[str | Path] = [
                uv,
                "venv",
                "--quiet",
                "--clear",
                "--python",
                sys.executable,
                place,
            ]
            subprocess.run(venv, check=True)
            subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
            marker.write_bytes(REQUIREMENTS.read_bytes())
    return python
