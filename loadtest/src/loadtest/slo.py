"""Service level objectives: what a load test must have kept, in slo.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.errors import LoadtestError

DEFAULT_FILE = Path(__file__).parents[2] / "slo.toml"


class ObjectivesError(LoadtestError):
    """Raised when the objectives cannot be read."""


@dataclass(frozen=True)
class Objective:
    """One limit: the figure by its place in the report, and what it may be at most."""

    what: str
    path: tuple[str, ...]
    at_most: float


@dataclass(frozen=True)
class Judged:
    """An objective beside what was measured; None: nothing was, so it is not kept."""

    objective: Objective
    measured: float | None

    @property
    def is_kept(self) -> bool:
        """Say whether the figure is there and within the limit."""
        return self.measured is not None and self.measured <= self.objective.at_most


def read_objectives(file: Path = DEFAULT_FILE) -> list[Objective]:
    """Read the objectives; raise ObjectivesError if the file is not one of objectives."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ObjectivesError(f"{file} does not hold objectives: {error}") from error
    objectives = []
    for endpoint, limits in tables.get("endpoints", {}).items():
        for figure, limit in limits.items():
            path = ("endpoints", endpoint, figure)
            objectives.append(Objective(f"{endpoint}, {figure.replace('_', ' ')}", path, limit))
    for name, limit in tables.get("figures", {}).items():
        objectives.append(Objective(name.replace("_", " "), (name,), limit))
    if not objectives:
        raise ObjectivesError(f"{file} holds no objectives")
    return objectives


def judge(objectives: Sequence[Objective], figures: Mapping[str, Any]) -> list[Judged]:
    """Return each objective with its figure from a report of the load."""
    return [Judged(objective, _find(figures, objective.path)) for objective in objectives]


def _find(figures: Mapping[str, Any], path: Sequence[str]) -> float | None:
    found: Any = figures
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return float(found)
