"""The blocks that the page is built of."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.report.charts import Draw


@dataclass(frozen=True)
class Table:
    """A chart's figures; all columns but the first `texts` are numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1


@dataclass(frozen=True)
class Chart:
    """A chart with what it says for those who do not see it, and the figures behind it."""

    name: str
    title: str
    description: str
    draw: Draw
    table: Table


@dataclass(frozen=True)
class Section:
    """A part of the page. Without charts the sentence says why there are none."""

    name: str
    title: str
    lead: str
    note: str = ""
    charts: Sequence[Chart] = ()
    table: Table | None = None
