"""The pytest plugin of the house: the real database and AWS endpoint, started when asked for.

Each xdist worker has servers of its own, on free ports, in temporary folders. Tests reach nothing
but this machine.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fashion_kit import aws as kit_aws
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.database import Database
from infra.local.environments import EXPORTER_PRIVILEGES
from infra.local.resources import Resources, deploy
from storefront.database import migrate

PSEUDONYM_KEY = "0123456789abcdef" * 4
# What would lead the SDK elsewhere than to the endpoint of the tests.
_FOREIGN_SETTINGS = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let tests talk to this machine only."""
    config.option.allow_hosts = "127.0.0.1,localhost"
    config.option.allow_unix_socket = True


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Return a running MariaDB with the storefront's tables and no rows."""
    server = Database(tmp_path_factory.mktemp("database"))
    server.start()
    try:
        migrate(server.owner_url)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def owner_url(database: Database) -> str:
    """Return the URL of the one who may do everything in the database."""
    return database.owner_url


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEndpoint]:
    """Return a running, empty AWS endpoint to which this process's clients are pointed."""
    endpoint = AwsEndpoint(tmp_path_factory.mktemp("aws"))
    endpoint.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in _FOREIGN_SETTINGS:
                patch.delenv(name, raising=False)
            for name, value in endpoint.environment().items():
                patch.setenv(name, value)
            kit_aws._session.cache_clear()
            yield endpoint
    finally:
        endpoint.stop()


@pytest.fixture(scope="session")
def resources(aws: AwsEndpoint) -> Resources:
    """Return the deployed stream, tables, buckets, queue and Glue database."""
    return deploy(aws, with_functions=False)


@pytest.fixture(scope="session")
def resources_with_functions(
    aws: AwsEndpoint,
    database: Database,
    resources: Resources,  # noqa: ARG001 - deployed first: afterwards it would drop the functions
) -> Resources:
    """Return the same resources, and the two functions with the services' real bundles."""
    return deploy(
        aws,
        database_url=database.grant("exporter_function", *EXPORTER_PRIVILEGES),
        pseudonym_key=PSEUDONYM_KEY,
    )


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[Database]:
    """Return a running database, without tables, that a test may stop and start."""
    server = Database(tmp_path / "database")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_endpoint(tmp_path: Path) -> Iterator[AwsEndpoint]:
    """Return a running endpoint that a test may stop and start."""
    endpoint = AwsEndpoint(tmp_path / "aws")
    endpoint.start()
    try:
        yield endpoint
    finally:
        endpoint.stop()
