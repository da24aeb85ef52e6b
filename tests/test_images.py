"""What the Dockerfiles promise: pinned, small, without root, and honest about their health."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import botocore
import pytest

ROOT = Path(__file__).parents[1]
SERVERS = {
    ROOT / "services/storefront/Dockerfile": "/health",
    ROOT / "services/recommender/Dockerfile": "/health",
    ROOT / "infra/compose/aws.Dockerfile": "/_ministack/health",
    ROOT / "infra/compose/faults.Dockerfile": "/_microburst/health",
}
JOBS = [ROOT / "services/exporter/Dockerfile", ROOT / "loadtest/Dockerfile"]
DOCKERFILES = [*SERVERS, *JOBS, ROOT / "infra/Dockerfile"]
BASE = r"python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}"
Check = Callable[[int], int]
CALLED = re.compile(r"client\(\s*\"([a-z0-9-]+)\"")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def final_stage(path: Path) -> str:
    return path.read_text().rsplit("\nFROM ", 1)[1]


@pytest.mark.parametrize("path", DOCKERFILES, ids=name_of)
class TestEveryImage:
    def test_every_stage_starts_from_the_one_pinned_base(self, path: Path) -> None:
        bases = re.findall(r"^FROM (\S+)", path.read_text(), re.M)
        everywhere = {
            base
            for other in DOCKERFILES
            for base in re.findall(r"^FROM (\S+)", other.read_text(), re.M)
        }
        assert len(bases) == 2
        assert len(everywhere) == 1
        assert re.fullmatch(BASE, bases[0])

    def test_it_does_not_run_as_root(self, path: Path) -> None:
        assert re.findall(r"^USER (\d+)$", final_stage(path), re.M) == ["10001"]

    def test_it_has_no_build_tools(self, path: Path) -> None:
        final = final_stage(path)
        assert "pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip" in final
        assert not re.search(r"pip install|apt-get|requirements/install|\buv\b", final)

    def test_its_commands_get_signals_themselves(self, path: Path) -> None:
        commands = re.findall(r"^(?:CMD|ENTRYPOINT) (.+)$", final_stage(path), re.M)
        assert commands
        assert all(isinstance(json.loads(command), list) for command in commands)

    def test_its_dependencies_are_pinned_by_hash(self, path: Path) -> None:
        [name] = re.findall(r"requirements/install (\w+) ", path.read_text())
        pins = re.split(
            r"^(?=[A-Za-z0-9])", (ROOT / f"requirements/{name}.txt").read_text(), flags=re.M
        )
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins if pin)


def test_what_installs_them_insists_on_hashes_and_wheels() -> None:
    installs = re.findall(r"^.*pip install.*$", (ROOT / "requirements/install").read_text(), re.M)
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert "--only-binary :all:" in installs[1]


@pytest.mark.parametrize("path", JOBS, ids=name_of)
def test_a_job_says_that_it_has_no_health_to_ask_for(path: Path) -> None:
    assert re.search(r"^HEALTHCHECK NONE$", path.read_text(), re.M)


@contextmanager
def answering(status: int, path: str) -> Iterator[int]:
    """Answer the status on the path, and 404 elsewhere; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == path else 404)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("path", "asked"), SERVERS.items(), ids=map(name_of, SERVERS))
class TestHealthcheck:
    @pytest.fixture
    def check(self, path: Path) -> Check:
        [found] = re.findall(r"^HEALTHCHECK .*\\\n    CMD (.+)$", path.read_text(), re.M)
        [exposed] = re.findall(r"^EXPOSE (\d+)$", path.read_text(), re.M)
        program, *arguments = json.loads(found)
        assert program == "python"
        assert exposed in arguments[-1]

        def run(port: int) -> int:
            told = [part.replace(exposed, str(port)) for part in arguments]
            return subprocess.run([sys.executable, *told], capture_output=True).returncode

        return run

    def test_it_is_well_when_the_server_says_so(self, check: Check, asked: str) -> None:
        with answering(200, asked) as port:
            assert check(port) == 0

    def test_it_is_ill_when_the_server_says_so(self, check: Check, asked: str) -> None:
        with answering(503, asked) as port:
            assert check(port) != 0

    def test_it_is_ill_when_nobody_answers(self, check: Check, asked: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        assert check(port) != 0


class TestPrune:
    def test_the_named_goes_and_the_rest_stays(self, tmp_path: Path) -> None:
        gone = ["pyarrow/tests/a.py", "pyarrow/lib.pyx", "botocore/data/ec2/service-2.json.gz"]
        kept = ["pyarrow/lib.so", "botocore/data/s3/service-2.json.gz", "botocore/data/_retry.json"]
        for name in [*gone, *kept]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        subprocess.run([sys.executable, ROOT / "requirements/prune", tmp_path], check=True)
        left = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
        assert left == set(kept)

    def test_the_services_that_our_code_calls_stay(self) -> None:
        sources = [
            file
            for room in ("libs", "services", "infra")
            for file in (ROOT / room).glob("**/src/**/*.py")
        ]
        called = {name for file in sources for name in CALLED.findall(file.read_text())}
        kept = re.findall(
            r"^!botocore/data/([\w-]+)/$", (ROOT / "requirements/unused.txt").read_text(), re.M
        )
        assert {"kinesis", "dynamodb", "s3"} <= called
        assert called <= set(kept)

    def test_a_pruned_client_still_signs_and_names_its_operations(self, tmp_path: Path) -> None:
        for name in ("botocore", "boto3", "s3transfer", "jmespath"):
            source = Path(botocore.__file__).parents[1] / name
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([sys.executable, ROOT / "requirements/prune", tmp_path], check=True)
        script = (
            "import sys, boto3, botocore\n"
            "assert botocore.__file__.startswith(sys.argv[1])\n"
            "for name in ('s3', 'kinesis', 'dynamodb', 'glue', 'secretsmanager', 'sts'):\n"
            "    client = boto3.client(name, region_name='us-east-1')\n"
            "    assert client.meta.service_model.operation_names\n"
        )
        command = [sys.executable, "-c", script, str(tmp_path)]
        done = subprocess.run(
            command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
