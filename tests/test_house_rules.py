"""Rules of the house that no linter knows. Each rule says which fault it prevents."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for folder in ("libs", "services", "infra", "loadtest")
    for path in sorted((ROOT / folder).rglob("src/**/*.py"))
    if "versions" not in path.parts
]
Rule = Callable[[ast.AST, Path], Iterator[int]]


def calls_of(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in names:
                yield node


def commits_at_the_edge(tree: ast.AST, path: Path) -> Iterator[int]:
    """A service that commits in its middle breaks the transaction of whoever calls it."""
    if "storefront" in path.parts and path.name not in {"database.py", "relay.py", "load.py"}:
        yield from (call.lineno for call in calls_of(tree, "commit"))


def writes_through_its_port(tree: ast.AST, path: Path) -> Iterator[int]:
    """A put outside its repository or publisher escapes the retries and fences kept there."""
    ports = r"repository|publisher|artefact|iceberg|landing|ledger|stores?|stream"
    if "services" in path.parts and not re.fullmatch(rf"\w*({ports})\.py", path.name):
        puts = ("put_record", "put_records", "put_item", "batch_write_item", "put_object")
        yield from (call.lineno for call in calls_of(tree, *puts))


def names_log_events_statically(tree: ast.AST, path: Path) -> Iterator[int]:
    """An event name with values in it can be neither counted nor searched for."""
    for call in calls_of(tree, "debug", "info", "warning", "error", "exception", "critical"):
        assert isinstance(call.func, ast.Attribute)
        if isinstance(call.func.value, ast.Name) and call.func.value.id in {"log", "logger"}:
            name = call.args[0] if call.args else None
            is_static = isinstance(name, ast.Constant) and isinstance(name.value, str)
            if not (is_static and re.fullmatch(r"[a-z0-9_]+", name.value)):  # type: ignore[union-attr]
                yield call.lineno


# What leads to a person, or lets somebody in. An id may be told.
PERSONAL = {"email", "username", "first_name", "last_name", "name", "phone", "address", "birthdate"}
PERSONAL |= {"password", "token", "secret", "authorization", "body", "url", "headers"}


def logs_nobody(tree: ast.AST, _: Path) -> Iterator[int]:
    """A log is read by many and kept for long: it names ids, never people or their secrets."""
    for call in calls_of(tree, "debug", "info", "warning", "error", "exception", "critical"):
        assert isinstance(call.func, ast.Attribute)
        is_log = isinstance(call.func.value, ast.Name) and call.func.value.id in {"log", "logger"}
        if is_log and any(keyword.arg in PERSONAL for keyword in call.keywords):
            yield call.lineno


RULES: tuple[Rule, ...] = (
    logs_nobody,
    commits_at_the_edge,
    writes_through_its_port,
    names_log_events_statically,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep_the_rule(rule: Rule) -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line in rule(ast.parse(path.read_text()), path)
    ]
    assert broken == [], rule.__doc__


@pytest.mark.parametrize(
    ("rule", "path", "snippet"),
    [
        (commits_at_the_edge, "services/storefront/carts/service.py", "session.commit()"),
        (writes_through_its_port, "services/recommender/picks/service.py", "db.put_item(Item={})"),
        (names_log_events_statically, "x.py", "log.info(f'user {user_id}')"),
        (names_log_events_statically, "x.py", "log.info('User came')"),
        (logs_nobody, "x.py", "log.info('user_came', user_id=user.id, email=user.email)"),
    ],
)
def test_a_rule_finds_the_fault(rule: Rule, path: str, snippet: str) -> None:
    assert list(rule(ast.parse(snippet), Path(path))) == [1]


def test_every_source_file_is_found() -> None:
    assert len(SOURCES) > 50
