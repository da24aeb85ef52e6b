"""The preparing task: who enters the database with which rights, and keys that stay."""

import json

import pymysql
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import SecretStr
from sqlalchemy import make_url

from fashion_kit.aws import client
from fashion_kit.ids import new_id
from infra.cloud.prepare import prepare
from infra.cloud.settings import PrepareSettings
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.database import Database

pytestmark = pytest.mark.servers

# MariaDB's codes for what a user may not do.
TABLE_DENIED, COLUMN_DENIED = 1142, 1143


@pytest.fixture
def settings(database: Database, aws: AwsEndpoint) -> PrepareSettings:
    secrets = client("secretsmanager")
    made = [
        secrets.create_secret(Name=f"keys-{new_id()}", SecretString='{"not_yet_a_key": "x"}')["ARN"]
        for _ in range(2)
    ]
    return PrepareSettings(
        database_url=SecretStr(database.owner_url),
        storefront_password=SecretStr("first"),
        recommender_password=SecretStr("second"),
        exporter_password=SecretStr("third"),
        signing_key_secret=made[0],
        checking_key_secret=made[1],
    )


def _ask(database: Database, user: str, password: str, statement: str) -> None:
    url = make_url(database.url_for(user, password))
    link = pymysql.connect(
        host=url.host, port=url.port or 0, user=user, password=password, database=url.database
    )
    with link, link.cursor() as cursor:
        cursor.execute(statement)


def _fields(secret: str) -> dict[str, str]:
    fields: dict[str, str] = json.loads(
        client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    )
    return fields


def test_each_user_may_do_what_its_service_does(
    database: Database, settings: PrepareSettings
) -> None:
    prepare(settings)
    _ask(database, "storefront", "first", "UPDATE products SET stock = stock")
    _ask(database, "recommender", "second", "SELECT id FROM products")
    _ask(database, "exporter", "third", "SELECT id, birthdate FROM users")
    for user, password, statement, code in (
        ("storefront", "first", "DROP TABLE products", TABLE_DENIED),
        ("recommender", "second", "SELECT id FROM users", TABLE_DENIED),
        ("recommender", "second", "DELETE FROM products", TABLE_DENIED),
        ("exporter", "third", "SELECT email FROM users", COLUMN_DENIED),
    ):
        with pytest.raises(pymysql.OperationalError) as refused:
            _ask(database, user, password, statement)
        assert refused.value.args[0] == code


def test_a_new_password_replaces_the_old_one(database: Database, settings: PrepareSettings) -> None:
    prepare(settings)
    prepare(settings.model_copy(update={"recommender_password": SecretStr("another")}))
    _ask(database, "recommender", "another", "SELECT id FROM products")
    with pytest.raises(pymysql.OperationalError):
        _ask(database, "recommender", "second", "SELECT id FROM products")


def test_the_keys_are_a_pair_and_stay(settings: PrepareSettings) -> None:
    prepare(settings)
    private, public = _fields(settings.signing_key_secret), _fields(settings.checking_key_secret)
    key = load_pem_private_key(private["private_key"].encode(), password=None)
    assert key.public_key() == load_pem_public_key(public["public_key"].encode())
    prepare(settings)
    assert _fields(settings.signing_key_secret) == private
    assert _fields(settings.checking_key_secret) == public


def test_the_checking_key_follows_a_changed_signing_key(settings: PrepareSettings) -> None:
    prepare(settings)
    former = _fields(settings.checking_key_secret)
    client("secretsmanager").put_secret_value(
        SecretId=settings.signing_key_secret, SecretString="{}"
    )
    prepare(settings)
    assert _fields(settings.checking_key_secret) != former
