"""microburst in front of a server: it fails as AWS and MySQL fail, in their own wire formats."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import httpx

from infra.local.processes import Process, free_port
from infra.local.settings import inherited_environment

Protocol = Literal["http", "mysql"]
Rule = dict[str, Any]
START_SECONDS = 20
_LOG_LIMIT = 100_000


class Microburst:
    """One running proxy with its rules."""

    def __init__(self, protocol: Protocol, upstream_port: int, folder: Path) -> None:
        self.port = free_port()
        control = self.port if protocol == "http" else free_port()
        self._control = f"http://127.0.0.1:{control}/_microburst"
        upstream = f"127.0.0.1:{upstream_port}"
        self._command = [
            *(sys.executable, "-m", "microburst", "--protocol", protocol),
            *("--upstream", f"http://{upstream}" if protocol == "http" else upstream),
            *("--port", str(self.port), "--control-port", str(control)),
        ]
        self._process = Process("microburst", folder / f"microburst-{protocol}.log")

    def start(self, rules: Sequence[Rule]) -> None:
        """Start it with these rules."""
        self._process.start(self._command, inherited_environment())
        self._process.wait_until(self._is_healthy, seconds=START_SECONDS)
        httpx.post(f"{self._control}/rules", json=list(rules)).raise_for_status()

    def fired(self) -> Counter[str]:
        """Return how often each kind of fault fired."""
        answer = httpx.get(f"{self._control}/fired", params={"limit": _LOG_LIMIT})
        answer.raise_for_status()
        return Counter(_kind_of(event) for event in answer.json() if not event.get("note"))

    def stop(self) -> None:
        """Stop it."""
        self._process.kill()

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self._control}/health", timeout=2).is_success
        except httpx.TransportError:
            return False


def _kind_of(event: dict[str, Any]) -> str:
    return str(event["action"]).partition(":")[0]
