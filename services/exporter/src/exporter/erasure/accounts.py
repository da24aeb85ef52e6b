"""Who asked the shop to be forgotten: the accounts that it has erased."""

from sqlalchemy import Engine

ERASED = "SELECT id FROM users WHERE erased_at IS NOT NULL ORDER BY id"


class ErasedAccounts:
    """The erased accounts in the shop's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ids(self) -> list[str]:
        """Return their ids, which the shop keeps for its books."""
        with self._engine.connect() as connection:
            return list(connection.exec_driver_sql(ERASED).scalars())
