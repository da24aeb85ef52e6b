"""The long-running processes of the shop, and how each tells that it is well."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.environments import Environment, Environments
from infra.local.processes import Process, free_port

READY_SECONDS = 60
PROTOCOL = "fashion_kit.edge.protocol:BoundedHttpProtocol"


@dataclass(frozen=True)
class Definition:
    """One kind of process: what is run, and what it is told."""

    name: str
    arguments: tuple[str, ...]
    environment: Callable[[Environments], Environment]
    is_http: bool = False


SERVICES = (
    Definition("storefront", ("storefront.app:app",), Environments.storefront, is_http=True),
    Definition("recommender", ("recommender.app:app",), Environments.recommender, is_http=True),
    Definition("relay", ("storefront", "relay"), Environments.storefront),
    Definition("event-source", ("infra.local.event_source",), Environments.event_source),
    Definition("delivery", ("infra.local.delivery",), Environments.delivery),
    Definition("schedule", ("infra.local.schedule",), Environments.schedule),
)


class Service:
    """One running process of a definition."""

    def __init__(self, definition: Definition, folder: Path, *, port: int | None = None) -> None:
        self.name = definition.name
        self.port = (port or free_port()) if definition.is_http else None
        self._definition = definition
        self._process = Process(definition.name, folder / "logs" / f"{definition.name}.log")

    @property
    def url(self) -> str | None:
        """Return its address, or None if nobody calls it."""
        return None if self.port is None else f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> Process:
        """Return the process itself."""
        return self._process

    def start(self, environments: Environments) -> None:
        """Start it, without waiting for it."""
        self._process.start(self._command(), self._definition.environment(environments))

    def wait_until_ready(self) -> None:
        """Wait until it can serve; a worker without an address is ready when it runs."""
        self._process.wait_until(self.is_ready, seconds=READY_SECONDS)

    def is_ready(self) -> bool:
        """Say whether it runs and, where it can be asked, whether it has what it needs."""
        return self._process.pid is not None and (self.url is None or answers_ready(self.url))

    def _command(self) -> list[str | Path]:
        if self.port is None:
            return [sys.executable, "-m", *self._definition.arguments]
        server = ("-m", "uvicorn", "--host", "127.0.0.1", "--port", str(self.port))
        how = ("--loop", "uvloop", "--http", PROTOCOL, "--ws", "none", "--no-access-log")
        return [sys.executable, *server, *how, *self._definition.arguments]


def answers_ready(url: str) -> bool:
    """Say whether the service at the address says that it is ready."""
    try:
        return httpx.get(f"{url}/ready", timeout=2).is_success
    except httpx.TransportError:
        return False
