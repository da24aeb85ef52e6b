"""`python -m tests.security.audit [--strict]`: known vulnerabilities, secrets, dangerous code.

Exit code 1 if something was found; with `--strict` also if a check could not be made at all.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings
from rich.console import Console

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("libs", "services", "infra", "loadtest", "tests", "bench")
FIGURES: Final = ROOT / "build/audit"

BEYOND_RUFF: Final = ("B613", "B614", "B615", "B703")
"""What bandit finds and ruff's `S` rules, which `make lint` runs, do not; a test holds it."""

# Of Python, ruff's S105 to S107 look for passwords by the names of variables, and know the tests.
_PASSWORD_BY_NAME: Final = "KeywordDetector"
_OF_RUFF: Final = ".py"
# Placeholders in what people read, and the key that no emulator checks.
_NO_SECRETS: Final = re.compile("password|local")
# Hashes of packages, and nothing else.
_HASHES: Final = re.compile(r"requirements/.*\.txt")

_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.M)
_SERVICE_SECONDS: Final = 5


@dataclass(frozen=True)
class Outcome:
    """What one check found; `not_asked` says why, if it could not be made."""

    name: str
    looked_at: str
    findings: tuple[str, ...] = ()
    not_asked: str | None = None

    def __str__(self) -> str:
        """Return one line for people."""
        if self.not_asked is not None:
            return f"{self.name}: COULD NOT ASK about {self.looked_at}: {self.not_asked}"
        return f"{self.name}: {len(self.findings)} found in {self.looked_at}"


def pinned(files: Iterable[Path]) -> set[tuple[str, str]]:
    """Return name and version of everything that the requirements files pin."""
    return {found for file in files for found in _PINNED.findall(file.read_text())}


def rounds(packages: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """Yield lists of requirements with one version of a package each, as pip-audit wants them."""
    versions = defaultdict(list)
    for name, version in sorted(packages):
        versions[name].append(f"{name}=={version}")
    for some in zip_longest(*versions.values()):
        yield [one for one in some if one is not None]


def audit_dependencies(options: Iterable[str] = ()) -> Outcome:
    """Ask the vulnerability service (OSV) about every version that is pinned."""
    packages = pinned((ROOT / "requirements").glob("*.txt"))
    looked_at = f"{len(packages)} pinned versions"
    FIGURES.mkdir(parents=True, exist_ok=True)
    findings: list[str] = []
    for number, requirements in enumerate(rounds(packages)):
        file = FIGURES / f"requirements-{number}.txt"
        file.write_text("\n".join(requirements) + "\n")
        answer = _run("pip-audit", *_QUIETLY, *options, "--requirement", str(file))
        try:
            dependencies = json.loads(answer.stdout)["dependencies"]
        except ValueError:
            reason = (answer.stderr.strip().splitlines() or ["no answer"])[-1]
            return Outcome("dependencies", looked_at, not_asked=reason)
        if passed_over := [one["name"] for one in dependencies if "skip_reason" in one]:
            reason = f"the service does not know {', '.join(passed_over[:3])} ..."
            return Outcome("dependencies", looked_at, not_asked=reason)
        findings += vulnerabilities(dependencies)
    return Outcome("dependencies", looked_at, tuple(findings))


_QUIETLY: Final = (
    *("--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json"),
    *("--vulnerability-service", "osv", "--timeout", str(_SERVICE_SECONDS)),
)


def vulnerabilities(dependencies: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each vulnerability in pip-audit's answer."""
    for one in dependencies:
        for found in one["vulns"]:
            mended = ", ".join(found["fix_versions"]) or "no version yet"
            yield f"{one['name']} {one['version']}: {found['id']}, mended in {mended}"


def audit_secrets() -> Outcome:
    """Look for keys and passwords in every file that git knows, or would with the next commit."""
    listed = _run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout
    files = [ROOT / name for name in listed.split("\0") if name and not _HASHES.fullmatch(name)]
    findings = secrets_in(file for file in files if file.is_file())
    return Outcome("secrets", f"{len(files)} files", tuple(findings))


def secrets_in(paths: Iterable[Path]) -> list[str]:
    """Return place and kind of what looks like a secret in the files.

    A line that ends with `pragma: allowlist secret` holds none, and says so itself.
    """
    by_ruff = defaultdict(list)
    for path in paths:
        by_ruff[path.suffix == _OF_RUFF].append(path)
    found = SecretsCollection()
    for is_by_ruff, some in by_ruff.items():
        with default_settings() as settings:
            if is_by_ruff:
                settings.disable_plugins(_PASSWORD_BY_NAME)
            for path in some:
                found.scan_file(str(path))
    return sorted(
        f"{secret.filename.removeprefix(f'{ROOT}/')}:{secret.line_number}: {secret.type}"
        for _, secret in found
        if not _NO_SECRETS.fullmatch(secret.secret_value or "")
    )


def audit_code(sources: Iterable[str] = SOURCES) -> Outcome:
    """Look for dangerous code that ruff does not know."""
    tests = ",".join(BEYOND_RUFF)
    answer = _run("bandit", "--quiet", "--format", "json", "--tests", tests, "-r", *sources)
    told = json.loads(answer.stdout)
    findings = [
        f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}"
        for one in told["results"]
    ]
    findings += [f"{one['filename']}: {one['reason']}" for one in told["errors"]]
    lines = told["metrics"]["_totals"]["loc"]
    return Outcome("code", f"{lines:,} lines, beside ruff's S rules", tuple(findings))


CHECKS: Final[tuple[Callable[[], Outcome], ...]] = (audit_dependencies, audit_secrets, audit_code)


def _run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).parent / tool
    command = [str(beside) if beside.exists() else tool, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def main() -> int:
    """Make every check and say what each found; return the exit code."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    outcomes = []
    for check in CHECKS:
        outcome = check()
        outcomes.append(outcome)
        console.print(str(outcome))
        for finding in outcome.findings:
            console.print(f"  {finding}")
    is_strict = "--strict" in sys.argv[1:]
    failed = any(one.findings or (is_strict and one.not_asked is not None) for one in outcomes)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
