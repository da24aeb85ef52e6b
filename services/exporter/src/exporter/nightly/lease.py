"""The lease: the lock that keeps other loads out, and whether it is still ours."""

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from exporter.books.snapshot import LOCK
from exporter.errors import LeaseLostError


class Lease:
    """The database's own lock on our connection: it ends with either of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(self, table: str) -> None:
        """Raise LeaseLostError unless the table may be published."""
        statement = "SELECT IS_USED_LOCK(%(lock)s) = CONNECTION_ID()"
        try:
            is_ours = self._connection.exec_driver_sql(statement, {"lock": LOCK}).scalar() == 1
        except SQLAlchemyError as error:
            raise LeaseLostError(table) from error
        if not is_ours:
            raise LeaseLostError(table)
