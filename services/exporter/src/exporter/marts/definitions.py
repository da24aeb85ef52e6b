"""Each mart: its contract, its SQL, and how far back it looks."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib.resources import files

from exporter.queries.athena import parameters_of
from fashion_contracts.lake import Table
from fashion_contracts.marts import CATEGORY_TREND_DAILY, MARTS, SALES_DAILY

_LOOKS_BACK = {SALES_DAILY: timedelta.max, CATEGORY_TREND_DAILY: timedelta(days=28)}


@dataclass(frozen=True)
class Mart:
    """One mart. A change of a day changes its rows of the days that look back that far."""

    table: Table
    sql: str
    looks_back: timedelta

    @property
    def is_daily(self) -> bool:
        """Say whether it has rows of each day; if not, it is replaced whole."""
        return self.table.partition is not None

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Return what its SQL must be told."""
        return frozenset(parameters_of(self.sql))

    def days_to_renew(self, changed: set[date], known: set[date]) -> list[date]:
        """Return the changed days, and the known ones that look back on a changed day."""
        later = {
            day for day in known if any(timedelta() < day - c <= self.looks_back for c in changed)
        }
        return sorted(changed | later)


def _mart(table: Table) -> Mart:
    sql = files("exporter.marts").joinpath("sql", f"{table.name}.sql").read_text()
    return Mart(table, sql, _LOOKS_BACK.get(table, timedelta()))


ALL_MARTS = tuple(map(_mart, MARTS))
