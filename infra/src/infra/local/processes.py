"""Child processes: started with a log, awaited until healthy, stopped kindly, never left behind."""

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.05
_libc = ctypes.CDLL(None)


class ProcessError(Exception):
    """Raised when a process of ours does not start, or ends when it should not."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        super().__init__(f"{name} {what}. The end of {log}:\n{tail}")


class Process:
    """One child process with its log file.

    It gets a session of its own, so that Ctrl-C reaches only us and we stop things in order; and it
    is told to end when we die, so that nothing is left running whatever happens to us.
    """

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id, or None if it does not run."""
        return self._popen.pid if self._popen is not None and self._popen.poll() is None else None

    def start(
        self, command: Sequence[str | Path], env: Mapping[str, str], *, cwd: Path | None = None
    ) -> None:
        """Start the command with this environment and no other."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                [str(part) for part in command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def wait_until(self, is_healthy: Callable[[], bool], *, seconds: float) -> None:
        """Wait until it is healthy; raise ProcessError if it ends first or takes too long."""
        deadline = monotonic() + seconds
        while not is_healthy():
            if self.pid is None:
                raise ProcessError(self.name, "ended before it was healthy", self.log)
            if monotonic() > deadline:
                raise ProcessError(self.name, f"was not healthy after {seconds} s", self.log)
            Event().wait(_POLL_SECONDS)

    def wait(self, *, seconds: float) -> int:
        """Wait for it to end by itself; return its exit code."""
        if self._popen is None:
            raise ValueError(f"{self.name} was never started")
        return self._popen.wait(seconds)

    def stop(self, *, grace_seconds: float = 15) -> None:
        """Ask it to end, and end it if it does not."""
        if self._popen is None:
            return
        self._popen.terminate()
        try:
            self._popen.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and its children at once, as a crash would."""
        if self._popen is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def end_by_interrupt() -> None:
    """Let SIGTERM end this process as Ctrl-C does, also where a shell has turned that off."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Say whether somebody listens on the port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
