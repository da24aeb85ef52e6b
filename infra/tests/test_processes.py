import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from infra.local.processes import Process, ProcessError, free_port, is_listening
from infra.local.settings import inherited_environment

SLEEP = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); signal.pause()"
)
PARENT = f"""
import sys
from pathlib import Path
from infra.local.processes import Process
from infra.local.settings import inherited_environment
child = Process("child", Path(sys.argv[1]))
child.start([sys.executable, "-c", {SLEEP!r}], inherited_environment())
child.wait_until(lambda: "up" in Path(sys.argv[1]).read_text(), seconds=20)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """Return a process that is not started yet."""
    return Process("sleeper", tmp_path / "logs/sleeper.log")


def _start(process: Process, code: str) -> None:
    process.start([sys.executable, "-c", code], inherited_environment())


def _is_up(process: Process) -> bool:
    return "up" in process.log.read_text()


class TestStart:
    def test_it_gets_this_environment_and_no_other(
        self, process: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-caller")
        code = "import os; print(sorted(os.environ))"
        process.start([sys.executable, "-c", code], inherited_environment() | {"OURS": "1"})
        assert process.wait(seconds=20) == 0
        assert "OURS" in process.log.read_text()
        assert "AWS_SECRET_ACCESS_KEY" not in process.log.read_text()

    def test_one_that_ends_before_it_is_healthy_is_told_with_its_last_words(
        self, process: Process
    ) -> None:
        _start(process, "raise SystemExit('no such table')")
        with pytest.raises(ProcessError, match="no such table"):
            process.wait_until(lambda: False, seconds=20)

    def test_one_that_is_never_healthy_is_given_up(self, process: Process) -> None:
        _start(process, SLEEP)
        with pytest.raises(ProcessError, match="not healthy"):
            process.wait_until(lambda: False, seconds=0.1)
        process.kill()

    def test_waiting_for_one_never_started_is_refused(self, process: Process) -> None:
        with pytest.raises(ValueError, match="never started"):
            process.wait(seconds=1)


class TestStop:
    def test_it_is_asked_to_end(self, process: Process) -> None:
        _start(process, SLEEP)
        process.wait_until(lambda: _is_up(process), seconds=20)
        process.stop()
        assert process.pid is None
        assert process.wait(seconds=1) == -signal.SIGTERM

    def test_it_is_ended_when_it_does_not_listen(self, process: Process) -> None:
        _start(process, STUBBORN)
        process.wait_until(lambda: _is_up(process), seconds=20)
        process.stop(grace_seconds=0.1)
        assert process.wait(seconds=1) == -signal.SIGKILL

    def test_stopping_what_never_ran_does_nothing(self, process: Process) -> None:
        process.stop()
        process.kill()
        assert process.pid is None

    def test_children_end_when_their_parent_is_killed(self, tmp_path: Path) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path / "child.log")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with parent:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
            parent.kill()
        _, alive = psutil.wait_procs([child], timeout=10)
        assert not alive


class TestPorts:
    def test_a_free_port_is_listened_on_by_nobody(self) -> None:
        assert not is_listening(free_port())

    def test_a_used_port_is_seen(self) -> None:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            assert is_listening(server.getsockname()[1])
