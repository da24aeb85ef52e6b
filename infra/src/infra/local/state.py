"""What is written down about a running stack, so that another command can find and stop it."""

from datetime import datetime
from pathlib import Path

import psutil
from pydantic import BaseModel

from infra.local.processes import is_listening


class ProcessState(BaseModel):
    """One process of the stack, told from a later one with the same id by its time of birth."""

    name: str
    pid: int | None
    born: float | None = None
    port: int | None = None
    url: str | None = None

    @classmethod
    def of(
        cls, name: str, pid: int | None, *, port: int | None = None, url: str | None = None
    ) -> "ProcessState":
        """Return the state of the process that has this id now."""
        born = None if pid is None else psutil.Process(pid).create_time()
        return cls(name=name, pid=pid, born=born, port=port, url=url)

    def process(self) -> psutil.Process | None:
        """Return the process, or None if it does not run any more."""
        if self.pid is None or not psutil.pid_exists(self.pid):
            return None
        process = psutil.Process(self.pid)
        is_same = process.create_time() == self.born and process.status() != psutil.STATUS_ZOMBIE
        return process if is_same else None

    def environment(self) -> dict[str, str] | None:
        """Return what the process was told when it started, or None if it does not run."""
        process = self.process()
        return None if process is None else process.environ()

    def memory_bytes(self) -> int:
        """Return the memory of the process and its children, shared pages divided fairly."""
        if (process := self.process()) is None:
            return 0
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_full_info().pss for member in family)


class LastPorts(BaseModel):
    """Which port each process had, so that addresses stay the same from run to run."""

    ports: dict[str, int] = {}

    @classmethod
    def read(cls, folder: Path) -> "LastPorts":
        """Return the ports of the folder's latest run."""
        path = folder / "ports.json"
        return cls.model_validate_json(path.read_bytes()) if path.exists() else cls()

    def port_of(self, name: str) -> int | None:
        """Return the port that the process had, if it is still free."""
        port = self.ports.get(name)
        return None if port is None or is_listening(port) else port


class StackState(BaseModel):
    """A running stack: who supervises it, and what runs where."""

    supervisor: ProcessState
    started_at: datetime
    processes: list[ProcessState]

    @classmethod
    def read(cls, folder: Path) -> "StackState | None":
        """Return what runs from the folder, or None if nothing does."""
        path = folder / "running.json"
        if not path.exists():
            return None
        state = cls.model_validate_json(path.read_bytes())
        return state if state.supervisor.process() is not None else None

    def write(self, folder: Path) -> None:
        """Write it down, and the ports for the next run."""
        (folder / "running.json").write_text(self.model_dump_json(indent=2))
        ports = {process.name: process.port for process in self.processes if process.port}
        (folder / "ports.json").write_text(LastPorts(ports=ports).model_dump_json())

    @staticmethod
    def forget(folder: Path) -> None:
        """Note that nothing runs from the folder any more."""
        (folder / "running.json").unlink(missing_ok=True)
