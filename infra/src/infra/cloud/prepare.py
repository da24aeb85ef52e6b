"""`python -m infra.cloud.prepare`: users of the database and token keys, before services start.

Every step may be done again: passwords and rights become what they are now, keys stay.
"""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import Connection, text

from fashion_kit import logs
from fashion_kit.aws import client
from fashion_kit.mysql import mysql_engine
from infra.cloud.settings import PrepareSettings
from infra.local.environments import (
    EXPORTER_PRIVILEGES,
    RECOMMENDER_PRIVILEGES,
    STOREFRONT_PRIVILEGES,
)

log = logs.get_logger(__name__)

# Fields of the secrets, as the tasks read them.
PRIVATE_KEY = "private_key"
PUBLIC_KEY = "public_key"


def prepare(settings: PrepareSettings) -> None:
    """Make the users and the keys, or bring them up to date."""
    users = {
        "storefront": (settings.storefront_password, STOREFRONT_PRIVILEGES),
        "recommender": (settings.recommender_password, RECOMMENDER_PRIVILEGES),
        "exporter": (settings.exporter_password, EXPORTER_PRIVILEGES),
    }
    engine = mysql_engine(settings.database_url.get_secret_value())
    with engine.connect() as connection:
        for user, (password, privileges) in users.items():
            _admit(connection, user, password.get_secret_value(), privileges)
            log.info("user_admitted", user=user)
    engine.dispose()
    _keep_keys(client("secretsmanager"), settings)


def _admit(connection: Connection, user: str, password: str, privileges: tuple[str, ...]) -> None:
    """Let the user in with this password, with these rights and no other."""
    account = f"'{user}'@'%'"
    known = {"password": password}
    # MySQL takes no placeholder for a name; the password goes by one.
    connection.execute(text(f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY :password"), known)
    connection.execute(text(f"ALTER USER {account} IDENTIFIED BY :password"), known)
    connection.execute(text(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {account}"))
    for privilege in privileges:
        connection.execute(text(f"GRANT {privilege} TO {account}"))


def _keep_keys(secrets: Any, settings: PrepareSettings) -> None:
    """Make the token keys if there are none; the public half always is the private one's."""
    private = _fields(secrets, settings.signing_key_secret).get(PRIVATE_KEY)
    if private is None:
        private = _pem(Ed25519PrivateKey.generate())
        _put(secrets, settings.signing_key_secret, {PRIVATE_KEY: private})
        log.info("token_key_made")
    public = load_pem_private_key(private.encode(), password=None).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    if _fields(secrets, settings.checking_key_secret).get(PUBLIC_KEY) != pem:
        _put(secrets, settings.checking_key_secret, {PUBLIC_KEY: pem})


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _fields(secrets: Any, secret: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])
    return fields


def _put(secrets: Any, secret: str, fields: dict[str, str]) -> None:
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(fields))


def main() -> None:
    """Prepare what the environment names."""
    settings = PrepareSettings()
    logs.configure(settings.log_level, settings.log_format, service="prepare")
    prepare(settings)


if __name__ == "__main__":
    main()
