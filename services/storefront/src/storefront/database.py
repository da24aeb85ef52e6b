"""The way to MySQL: sessions, the only commit of the service, and the schema's migrations."""

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from fashion_kit.errors import TransientError
from fashion_kit.logs import get_logger
from fashion_kit.mysql import mysql_engine
from storefront.settings import DatabaseSettings

MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = "storefront-migrations"
MIGRATION_LOCK_SECONDS = 60

DUPLICATE_ENTRY = 1062
LOCK_WAIT_TIMEOUT = 1205
DEADLOCK = 1213
DUPLICATE_ENTRY = 1062
NO_REFERENCED_ROW = 1452
LOCK_NOT_AVAILABLE = 3572  # MySQL's answer to NOWAIT; MariaDB's is LOCK_WAIT_TIMEOUT

# What the client's library says by itself: the server was not reached, or was lost.
CLIENT_CODES = range(2000, 3000)

_FIRST_PAUSE_SECONDS = 0.01

Sessions = sessionmaker[Session]
Result = TypeVar("Result")

log = get_logger(__name__)


class BusyError(TransientError):
    """Raised when concurrent transactions kept ours from its rows, again and again."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"The database was too busy: {attempts} attempts did not get through.")


class DatabaseUnavailableError(TransientError):
    """Raised when the database does not answer, or has no connection or lock to spare."""

    def __init__(self) -> None:
        super().__init__("The database does not answer in time. Try again shortly.")


def open_engine(settings: DatabaseSettings) -> Engine:
    """Return the service's engine; its sessions wait only shortly for a row's lock."""
    engine = mysql_engine(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        pool_timeout_seconds=settings.database_pool_timeout_seconds,
    )

    @event.listens_for(engine, "connect")
    def _set_lock_wait(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        seconds = settings.lock_wait_timeout_seconds
        connection.cursor().execute(f"SET SESSION innodb_lock_wait_timeout = {seconds:d}")

    return engine


def sessions_of(engine: Engine) -> Sessions:
    """Return the factory of the service's sessions."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """Yield a session; commit when the block ends well, else roll back."""
    with sessions() as session:
        try:
            yield session
        except BaseException:
            session.rollback()
            raise
        session.commit()


def run_in_transaction(
    sessions: Sessions,
    work: Callable[[Session], Result],
    *,
    attempts: int,
    anew_after: Collection[int] = (),
) -> Result:
    """Return what `work` returns, committed; begin anew when a deadlock or lock wait ended it.

    `anew_after` are further errors of MySQL that another attempt may not meet.
    """
    for attempt in range(attempts):
        try:
            with transaction(sessions) as session:
                return work(session)
        except DBAPIError as error:
            if mysql_code(error) not in (DEADLOCK, LOCK_WAIT_TIMEOUT, *anew_after):
                raise
            log.info("transaction_retried", code=mysql_code(error), attempt=attempt)
        # Two that met in a deadlock must not meet again in step.
        sleep(_FIRST_PAUSE_SECONDS * 2**attempt * random.random())  # noqa: S311 - jitter, no secret
    raise BusyError(attempts)


def database_time(session: Session) -> datetime:
    """Return the time by the database's clock, which all its users share."""
    now: datetime = session.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    return now.replace(tzinfo=UTC)


def mysql_code(error: DBAPIError) -> int | None:
    """Return MySQL's number of the error."""
    arguments = error.orig.args if error.orig is not None else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def is_unavailable(error: Exception) -> bool:
    """Say whether the database was not reached or lost, whatever it was asked for."""
    if isinstance(error, DBAPIError):
        was_asked = error.statement is not None  # else it refused the connection or the commit
        is_lost = error.connection_invalidated or mysql_code(error) in CLIENT_CODES
        return is_lost or not was_asked
    return isinstance(error, PoolTimeoutError)


def migrate(url: str) -> None:
    """Bring the database to the newest schema; a second one at the same time waits its turn."""
    engine = mysql_engine(url, pool_size=1)
    try:
        with engine.connect() as connection, _migration_lock(connection):
            command.upgrade(migration_config(connection), "head")
            connection.commit()
    finally:
        engine.dispose()


def migration_config(connection: Connection) -> Config:
    """Return Alembic's configuration for this connection; it needs no ini file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    return config


@contextmanager
def _migration_lock(connection: Connection) -> Iterator[None]:
    parameters = {"name": MIGRATION_LOCK, "seconds": MIGRATION_LOCK_SECONDS}
    if not connection.scalar(text("SELECT GET_LOCK(:name, :seconds)"), parameters):
        raise BusyError(1)
    try:
        yield
    finally:
        connection.execute(text("DO RELEASE_LOCK(:name)"), {"name": MIGRATION_LOCK})
