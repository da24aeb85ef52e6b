"""The database module: the schema, the one commit, and what begins anew."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic import command
from services.storefront.tests.conftest import InProcess, MakeProduct
from sqlalchemy import event, make_url, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from storefront.database import (
    DEADLOCK,
    BusyError,
    Sessions,
    migrate,
    migration_config,
    mysql_code,
    run_in_transaction,
    transaction,
)
from storefront.models import Base, Product, User

pytestmark = pytest.mark.servers

REGISTRATION = {
    "username": "asha",
    "first_name": "Asha",
    "last_name": "Rao",
    "email": "asha@example.in",
    "password": "correct horse",
}


def deadlock() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception(DEADLOCK, "Deadlock found"))


class TestMigrate:
    @pytest.fixture
    def empty_url(self, database: Database) -> Iterator[str]:
        database.execute("CREATE DATABASE storefront_migrations")
        url = make_url(database.owner_url).set(database="storefront_migrations")
        yield url.render_as_string(hide_password=False)
        database.execute("DROP DATABASE storefront_migrations")

    def test_several_at_once_make_the_tables_once(self, empty_url: str) -> None:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(migrate, [empty_url] * 3))
        engine = mysql_engine(empty_url)
        with engine.connect() as connection:
            tables = set(connection.scalars(text("SHOW TABLES")))
        engine.dispose()
        assert tables == {*Base.metadata.tables, "alembic_version"}

    def test_the_models_are_what_the_migrations_make(self, storefront_url: str) -> None:
        engine = mysql_engine(storefront_url)
        with engine.connect() as connection:
            command.check(migration_config(connection))
        engine.dispose()

    def test_every_step_can_be_taken_back(self, empty_url: str) -> None:
        migrate(empty_url)
        engine = mysql_engine(empty_url)
        with engine.begin() as connection:
            command.downgrade(migration_config(connection), "base")
        migrate(empty_url)
        engine.dispose()

    def test_every_table_compares_text_byte_by_byte(self, session: Session) -> None:
        statement = text(
            "SELECT DISTINCT table_collation FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name <> 'alembic_version'"
        )
        assert list(session.scalars(statement)) == ["utf8mb4_bin"]


class TestTransaction:
    def test_what_ends_well_is_committed(
        self, sessions: Sessions, session: Session, make_product: MakeProduct
    ) -> None:
        make_product(stock=1)
        with transaction(sessions) as one:
            one.execute(update(Product).values(stock=2))
        assert session.scalars(select(Product.stock)).one() == 2

    def test_what_fails_is_rolled_back(
        self, sessions: Sessions, session: Session, make_product: MakeProduct
    ) -> None:
        make_product(stock=1)

        def work() -> None:
            with transaction(sessions) as one:
                one.execute(update(Product).values(stock=2))
                raise KeyError

        with pytest.raises(KeyError):
            work()
        assert session.scalars(select(Product.stock)).one() == 1


class TestRunInTransaction:
    def test_a_deadlock_begins_anew_with_nothing_of_the_first_attempt(
        self, sessions: Sessions, session: Session, make_product: MakeProduct
    ) -> None:
        make_product(stock=1)
        attempts: list[int] = []

        def work(one: Session) -> int:
            one.execute(update(Product).values(stock=Product.stock + 1))
            attempts.append(1)
            if len(attempts) == 1:
                raise deadlock()
            return len(attempts)

        assert run_in_transaction(sessions, work, attempts=3) == 2
        assert session.scalars(select(Product.stock)).one() == 2

    def test_one_that_never_gets_through_is_busy(self, sessions: Sessions) -> None:
        def work(_: Session) -> None:
            raise deadlock()

        with pytest.raises(BusyError):
            run_in_transaction(sessions, work, attempts=2)

    def test_another_error_is_not_tried_again(self, sessions: Sessions) -> None:
        attempts: list[int] = []

        def work(session: Session) -> None:
            attempts.append(1)
            session.execute(text("SELECT * FROM nowhere"))

        with pytest.raises(DBAPIError) as caught:
            run_in_transaction(sessions, work, attempts=3)
        assert (mysql_code(caught.value), len(attempts)) == (1146, 1)

    def test_a_real_lock_is_waited_for_and_then_given_up(
        self, sessions: Sessions, make_product: MakeProduct
    ) -> None:
        make_product()
        with sessions() as holder:
            holder.execute(update(Product).values(stock=5))

            def work(session: Session) -> None:
                session.execute(text("SET SESSION innodb_lock_wait_timeout = 1"))
                session.execute(update(Product).values(stock=6))

            with pytest.raises(BusyError):
                run_in_transaction(sessions, work, attempts=1)


class TestCommitBeforeAnswer:
    async def test_a_commit_that_fails_is_never_answered_201(
        self, in_process: InProcess, sessions: Sessions, session: Session
    ) -> None:
        class FailingSession(Session):
            """A session whose connection is lost at the commit."""

        @event.listens_for(FailingSession, "before_commit")
        def _lose_connection(_: Session) -> None:
            raise OperationalError("COMMIT", {}, Exception(2013, "Lost connection"))

        failing: Any = lambda: FailingSession(sessions.kw["bind"])  # noqa: E731
        async with in_process(sessions=failing) as client:
            answer = await client.post("/users", json=REGISTRATION)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert session.scalars(select(User)).all() == []

    async def test_what_was_answered_201_is_there(
        self, in_process: InProcess, session: Session
    ) -> None:
        async with in_process() as client:
            answer = await client.post("/users", json=REGISTRATION)
        assert answer.status_code == 201
        assert session.scalars(select(User.username)).one() == "asha"
