from pathlib import Path

import pymysql
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from infra.local.database import Database

pytestmark = pytest.mark.servers


def _scalar(url: str, statement: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return result.scalar() if result.returns_rows else result.rowcount
    finally:
        engine.dispose()


class TestAccess:
    @pytest.fixture
    def articles(self, database: Database) -> Database:
        """Return the database with a table of one row."""
        database.execute(
            f"USE `{database.name}`",
            "CREATE OR REPLACE TABLE test_articles (id INT PRIMARY KEY)",
            "INSERT INTO test_articles VALUES (1)",
        )
        return database

    @pytest.mark.parametrize("user", ["root", "nobody", ""])
    def test_nobody_enters_over_tcp_without_a_password(self, database: Database, user: str) -> None:
        with pytest.raises(pymysql.OperationalError):
            pymysql.connect(host="127.0.0.1", port=database.port, user=user, password="")

    def test_a_reader_reads(self, articles: Database) -> None:
        url = articles.grant("test_reader", "SELECT ON test_articles")
        assert _scalar(url, "SELECT id FROM test_articles") == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO test_articles VALUES (2)",
            "UPDATE test_articles SET id = 3",
            "DELETE FROM test_articles",
            "DROP TABLE test_articles",
            "SELECT COUNT(*) FROM users",
        ],
    )
    def test_a_reader_can_do_nothing_else(self, articles: Database, statement: str) -> None:
        url = articles.grant("test_reader", "SELECT ON test_articles")
        with pytest.raises(OperationalError, match="denied"):
            _scalar(url, statement)

    def test_a_new_grant_makes_the_old_password_invalid(self, articles: Database) -> None:
        old = articles.grant("test_reader", "SELECT ON test_articles")
        articles.grant("test_reader", "SELECT ON test_articles")
        with pytest.raises(OperationalError, match="Access denied"):
            _scalar(old, "SELECT 1")


class TestLife:
    def test_rows_survive_a_crash(self, own_database: Database) -> None:
        own_database.execute(
            f"USE `{own_database.name}`",
            "CREATE TABLE kept (id INT PRIMARY KEY)",
            "INSERT INTO kept VALUES (42)",
        )
        own_database.kill()
        own_database.start()
        assert _scalar(own_database.owner_url, "SELECT id FROM kept") == 42

    def test_rows_survive_a_stop(self, own_database: Database) -> None:
        own_database.execute(
            f"USE `{own_database.name}`",
            "CREATE TABLE kept (id INT PRIMARY KEY)",
            "INSERT INTO kept VALUES (42)",
        )
        own_database.stop()
        own_database.start()
        assert _scalar(own_database.owner_url, "SELECT id FROM kept") == 42

    def test_two_live_side_by_side(self, database: Database, own_database: Database) -> None:
        own_database.execute(f"CREATE TABLE `{own_database.name}`.only_here (id INT)")
        assert own_database.port != database.port
        shown = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'only_here'"
        assert _scalar(own_database.owner_url, shown) == 1
        assert _scalar(database.owner_url, shown) == 0

    def test_a_long_folder_does_not_matter(self, tmp_path: Path) -> None:
        server = Database(tmp_path / ("deep/" * 40))
        server.start()
        try:
            assert _scalar(server.owner_url, "SELECT 1") == 1
        finally:
            server.stop()

    def test_a_database_that_never_started_can_be_stopped(self, tmp_path: Path) -> None:
        Database(tmp_path).stop()
        assert tmp_path.exists()
