"""The one way to open MySQL: UTC sessions, READ COMMITTED, connections checked before use."""

from sqlalchemy import URL, Engine, create_engine

CONNECT_TIMEOUT_SECONDS = 5


def mysql_engine(
    url: str | URL,
    *,
    pool_size: int = 5,
    pool_timeout_seconds: float = 5,
    isolation_level: str = "READ COMMITTED",
) -> Engine:
    """Return an engine for `mysql+pymysql://` URLs; its sessions think in UTC.

    READ COMMITTED because REPEATABLE READ takes gap locks that deadlock under concurrent orders.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout_seconds,
        pool_pre_ping=True,
        # An error's text goes to the log, and a statement's values may be somebody's address.
        hide_parameters=True,
        isolation_level=isolation_level,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "init_command": "SET time_zone = '+00:00'",
        },
    )
