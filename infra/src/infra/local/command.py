"""Any of the services' commands, in the environment of the running shop.

The shop's passwords are made anew at each start and are written down nowhere, so a command is told
what the process beside it was told.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.local.state import StackState

PROCESSES: Final = {
    "storefront": "storefront",
    "recommender": "recommender",
    "exporter": "schedule",
}
"""Which process knows what a service's commands must know."""


class ShopNotUpError(Exception):
    """Raised when there is no running shop to run a command in."""

    def __init__(self, process: str) -> None:
        super().__init__(f"The shop's {process} process does not run; `make up` starts it.")


def run_command(folder: Path, service: str, arguments: Sequence[str]) -> int:
    """Run the service's command in the shop of the folder; return its exit code."""
    name = PROCESSES[service]
    state = StackState.read(folder)
    processes = state.processes if state is not None else []
    found = next((process for process in processes if process.name == name), None)
    environment = found.environment() if found is not None else None
    if environment is None:
        raise ShopNotUpError(name)
    command = [sys.executable, "-m", service, *arguments]
    return subprocess.run(command, env=environment).returncode
