"""`make query`: what is typed reaches the command as it was typed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
FAKE = """#!{python}
import json, sys
print(json.dumps(sys.argv[1:]))
"""
MAKE = shutil.which("make")


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Return a folder whose python says what it was told."""
    python = tmp_path / "python"
    python.write_text(FAKE.format(python=sys.executable))
    python.chmod(0o700)
    return tmp_path


def make(told: Path, *arguments: str) -> list[str]:
    assert MAKE is not None
    command = [MAKE, "--silent", "--old-file=.venv/.local", "query", f"BIN={told}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    words: list[str] = json.loads(done.stdout)
    assert words[:5] == ["-m", "infra.local", "run", "exporter", "query"]
    return words[5:]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'a' AS \"the name\" FROM events",
        "SELECT 10 % 3, `x` FROM t WHERE y LIKE '$1_%' -- it's",
        "SELECT 1, $(shell exit 1) -- # $$ \\ ; & |",
    ],
)
def test_sql_keeps_its_quotes(sql: str, told: Path) -> None:
    assert make(told, f"SQL={sql}") == ["--sql", sql]


def test_a_name_may_have_a_day(told: Path) -> None:
    words = make(told, "NAME=best_sellers", "DAY=2026-03-08")
    assert words == ["--name", "best_sellers", "--day", "2026-03-08"]


def test_asked_nothing_it_lists_the_questions(told: Path) -> None:
    assert make(told) == ["--list"]
