import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from infra.local.state import LastPorts, ProcessState, StackState

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def state(*, born: float | None = None) -> StackState:
    supervisor = ProcessState.of("supervisor", os.getpid())
    if born is not None:
        supervisor = supervisor.model_copy(update={"born": born})
    database = ProcessState(name="database", pid=None, port=3306)
    return StackState(supervisor=supervisor, started_at=STARTED, processes=[database])


class TestStackState:
    def test_a_running_stack_is_found(self, tmp_path: Path) -> None:
        state().write(tmp_path)
        found = StackState.read(tmp_path)
        assert found is not None
        assert found.processes[0].name == "database"

    def test_another_process_with_the_same_id_is_not_taken_for_it(self, tmp_path: Path) -> None:
        state(born=1.0).write(tmp_path)
        assert StackState.read(tmp_path) is None

    def test_nothing_runs_in_a_new_folder(self, tmp_path: Path) -> None:
        assert StackState.read(tmp_path) is None

    def test_a_stopped_stack_is_forgotten_but_its_ports_are_not(self, tmp_path: Path) -> None:
        state().write(tmp_path)
        StackState.forget(tmp_path)
        assert StackState.read(tmp_path) is None
        assert LastPorts.read(tmp_path).ports == {"database": 3306}


class TestLastPorts:
    def test_a_port_that_is_free_is_used_again(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert LastPorts(ports={"aws": port}).port_of("aws") == port

    def test_a_port_that_is_taken_is_not(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            taken = LastPorts(ports={"aws": listener.getsockname()[1]})
            assert taken.port_of("aws") is None


class TestProcessState:
    def test_our_own_memory_is_counted(self) -> None:
        assert ProcessState.of("me", os.getpid()).memory_bytes() > 0

    def test_what_does_not_run_takes_none(self) -> None:
        assert ProcessState(name="gone", pid=None).memory_bytes() == 0
