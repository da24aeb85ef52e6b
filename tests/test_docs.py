"""Nothing exists undocumented: settings, commands, events, decisions."""

import importlib
import inspect
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from fashion_contracts.events import ALIASES, EventType, Interaction

ROOT = Path(__file__).parents[1]
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "References"]
SETTINGS_MODULES = {
    "storefront.settings": "services/storefront/README.md",
    "recommender.settings": "services/recommender/README.md",
    "exporter.settings": "services/exporter/README.md",
    "fashion_kit.settings": "docs/observability.md",
    "infra.observe.settings": "infra/README.md",
    "infra.load.settings": "infra/README.md",
    "infra.faults.settings": "infra/README.md",
    "infra.local.settings": "infra/README.md",
    "infra.local.worker_settings": "infra/README.md",
    "infra.stages": "infra/README.md",
    "infra.cloud.settings": "infra/README.md",
}


def settings_of(module_name: str) -> list[type[BaseSettings]]:
    module = importlib.import_module(module_name)
    return [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, BaseSettings) and member.__module__ == module_name
    ]


def docstrings_of_fields(settings: type[BaseSettings]) -> set[str]:
    """Return the fields that have a string right below them."""
    source = inspect.getsource(settings)
    return set(re.findall(r'^    (\w+):[^\n]*(?:\n(?!    \w)[^\n]*)*?\n    """', source, re.M))


@pytest.mark.parametrize("module", SETTINGS_MODULES)
def test_every_setting_says_what_it_is(module: str) -> None:
    for settings in settings_of(module):
        own = set(settings.__annotations__) - {"model_config"}
        assert own - docstrings_of_fields(settings) == set(), settings


@pytest.mark.parametrize(("module", "readme"), SETTINGS_MODULES.items())
def test_every_setting_is_in_its_readme(module: str, readme: str) -> None:
    text = (ROOT / readme).read_text()
    for settings in settings_of(module):
        prefix = settings.model_config.get("env_prefix", "")
        names = {f"{prefix}{name}".upper() for name in settings.__annotations__}
        missing = {name for name in names - {f"{prefix}MODEL_CONFIG".upper()} if name not in text}
        assert missing == set()


def test_every_make_target_is_in_the_readme() -> None:
    described = re.findall(r"^([\w-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    readme = (ROOT / "README.md").read_text()
    everyday = {"demo", "up", "down", "status", "reset", "test", "bench", "template", "help"}
    everyday |= {"observe", "build-model", "refresh-model", "models", "rollback"}
    assert everyday <= set(described)
    assert {target for target in everyday if f"make {target}" not in readme} == set()


def test_every_event_type_field_and_alias_is_described() -> None:
    text = (ROOT / "docs/events.md").read_text()
    fields = {field.alias or name for name, field in Interaction.model_fields.items()}
    words = fields | {str(kind) for kind in EventType} | set(ALIASES)
    assert {word for word in words if f"`{word}`" not in text} == set()


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_five_headings_and_fits_a_page(path: Path) -> None:
    text = path.read_text()
    assert re.match(rf"# {path.name[:4]}: \S", text)
    assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_no_link_in_the_docs_is_broken() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]
    pages += ROOT.glob("services/*/README.md")
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in pages
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []
