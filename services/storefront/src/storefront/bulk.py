"""Many rows in one statement, for the paths where SQLAlchemy's work on each value counts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from storefront.models import Base


def insert_rows(
    session: Session, table: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write the rows, whose values are what the driver itself understands; instants as `in_sql`."""
    names = ", ".join(f"`{column}`" for column in columns)
    values = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {table.__tablename__} ({names}) VALUES ({values})"  # noqa: S608 - ours
    session.connection().exec_driver_sql(statement, list(rows))


# Rows written together carry one instant.
@lru_cache(maxsize=16)
def in_sql(instant: datetime) -> str:
    """Return the instant as MySQL writes it; refuse one without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its timezone")
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
