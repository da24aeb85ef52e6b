"""Figures of a process that nobody can ask, left in a file that Prometheus' collectors read.

A batch job is over before anybody scrapes it, and a worker has no port. They write the text format
into a folder, as node_exporter's textfile collector and our own (`infra.observe`) expect it. No
library is needed for that, so none is in the images that need no other of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from fashion_kit.logs import get_logger

log = get_logger(__name__)

SUFFIX: Final = ".prom"


class Figure(NamedTuple):
    """One metric: its name with the unit, what it says, and what tells its values apart."""

    name: str
    help: str
    label: str | None = None
    kind: Literal["gauge", "counter"] = "gauge"


Values = Mapping[Figure, float | Mapping[str, float]]
"""A figure's value or, where it has a label, one for each of the label's."""


def as_text(values: Values) -> str:
    """Return the figures in Prometheus' text format."""
    lines = []
    for figure, value in values.items():
        lines += [f"# HELP {figure.name} {figure.help}", f"# TYPE {figure.name} {figure.kind}"]
        if isinstance(value, Mapping):
            lines += [f'{figure.name}{{{figure.label}="{key}"}} {value[key]}' for key in value]
        else:
            lines.append(f"{figure.name} {value}")
    return "".join(f"{line}\n" for line in lines)


def write_textfile(folder: Path | None, program: str, values: Values) -> None:
    """Replace what the program left last time; without a folder nobody wants to know.

    A reader sees the old file or the new one, never half of one. A full disk is the log's to tell:
    no purchase and no night fails for want of a figure.
    """
    if folder is None:
        return
    unfinished = folder / f"{program}{SUFFIX}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(as_text(values))
        unfinished.replace(folder / f"{program}{SUFFIX}")
    except OSError as error:
        log.warning("figures_not_written", program=program, error=type(error).__name__)
