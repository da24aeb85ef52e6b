"""`make audit`: what would fail it, and that silence is never taken for an answer."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from tests.security import audit

from infra.local.processes import free_port

# Put together here, so that this file holds no secret that the scan of the repository would find.
PLANTED = {
    "key.txt": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "notes.md": "AKIA" + "QYLPMN5HFIQR7XYA",
    "settings.yaml": "database_password: " + "hunter2-of-the-shop",
    "code.py": "URL = 'mysql://shop:" + "s3cretOfTheShop@db/fashion'",
}


class VulnerabilityService(BaseHTTPRequestHandler):
    """Stands in for OSV, which is elsewhere: it knows one vulnerability."""

    vulnerable: ClassVar[str] = "urllib3"

    def do_POST(self) -> None:
        """Answer whether the package is vulnerable."""
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_known = question["package"]["name"] == self.vulnerable
        found = [{"id": "PYSEC-1", "published": "2026-01-01T00:00:00Z", "affected": []}]
        answer = json.dumps({"vulns": found} if is_known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), VulnerabilityService)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


class TestDependencies:
    def test_a_vulnerable_version_is_found(self, service_url: str) -> None:
        outcome = audit.audit_dependencies(["--osv-url", service_url])
        assert outcome.not_asked is None
        assert [finding.split()[0] for finding in outcome.findings] == ["urllib3"]

    def test_without_the_service_it_says_that_it_could_not_ask(self) -> None:
        nobody = f"http://127.0.0.1:{free_port()}/v1/query"
        outcome = audit.audit_dependencies(["--osv-url", nobody])
        assert outcome.not_asked is not None
        assert "COULD NOT ASK" in str(outcome)

    def test_every_version_that_is_pinned_is_asked_about_once(self) -> None:
        packages = audit.pinned((audit.ROOT / "requirements").glob("*.txt"))
        asked = [one for some in audit.rounds(packages) for one in some]
        assert sorted(asked) == sorted(f"{name}=={version}" for name, version in packages)
        for some in audit.rounds(packages):
            names = [one.partition("==")[0] for one in some]
            assert len(names) == len(set(names))


class TestSecrets:
    @pytest.mark.parametrize("name", PLANTED)
    def test_a_planted_one_is_found(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text(PLANTED[name] + "\n")
        assert len(audit.secrets_in([tmp_path / name])) == 1

    def test_one_that_says_that_it_is_none_is_not(self, tmp_path: Path) -> None:
        file = tmp_path / "code.py"
        file.write_text(PLANTED["code.py"] + "  # pragma: allowlist secret\n")
        assert audit.secrets_in([file]) == []


class TestCode:
    def test_what_bandit_looks_for_is_what_ruff_does_not(self) -> None:
        command = [sys.executable, "-m", "ruff", "rule", "--all", "--output-format", "json"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        by_ruff = {rule["code"] for rule in json.loads(told)}
        command = [sys.executable, "-m", "bandit", "--help"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        by_bandit = set(re.findall(r"^\s+(B\d{3})\t", told, re.M))
        assert len(by_bandit) > len(audit.BEYOND_RUFF)
        beyond = {one for one in by_bandit if f"S{one.removeprefix('B')}" not in by_ruff}
        assert beyond == set(audit.BEYOND_RUFF)

    def test_it_finds_code_that_reads_otherwise_than_it_runs(self, tmp_path: Path) -> None:
        (tmp_path / "trojan.py").write_text("access = 'user\u202e'\n", encoding="utf-8")
        outcome = audit.audit_code([str(tmp_path)])
        assert [finding.split()[1] for finding in outcome.findings] == ["B613"]


def test_strictly_what_could_not_be_asked_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def silence() -> audit.Outcome:
        return audit.Outcome("dependencies", "1 pinned version", not_asked="nobody answers")

    monkeypatch.setattr(audit, "CHECKS", (silence,))
    monkeypatch.setattr(sys, "argv", ["audit"])
    assert audit.main() == 0
    monkeypatch.setattr(sys, "argv", ["audit", "--strict"])
    assert audit.main() == 1
