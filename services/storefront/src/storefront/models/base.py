"""What every table shares: names for constraints, ids, money and instants of one kind."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from sqlalchemy import CHAR, DECIMAL, Dialect, MetaData
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """DATETIME(6) in UTC: aware in Python, naive in MySQL, which keeps no zone."""

    impl = DATETIME(fsp=6)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Return the instant as MySQL keeps it; refuse one without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its timezone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Return the instant with its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


Ulid = Annotated[str, mapped_column(CHAR(26))]
Money = Annotated[Decimal, mapped_column(DECIMAL(12, 2))]
CurrencyCode = Annotated[str, mapped_column(CHAR(3))]
Instant = Annotated[datetime, mapped_column(UtcDateTime)]

# Named, because the defaults of MySQL 8.4 and MariaDB differ, and so would their comparisons.
TABLE_OPTIONS: Final = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


class Base(DeclarativeBase):
    """The root of every table. A table with arguments of its own ends them in TABLE_OPTIONS."""

    __table_args__: Any = TABLE_OPTIONS

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
