"""The logs tell ids and outcomes, and never who somebody is or what opens an account."""

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import InProcess
from sqlalchemy import text

from fashion_kit import logs
from fashion_kit.errors import ShopError
from storefront.users.repository import UserRepository

pytestmark = pytest.mark.servers

# A word that occurs nowhere else, not even by chance in an id.
PERSON = {
    "username": "quokkausername",
    "first_name": "Quokkafirst",
    "last_name": "Quokkalast",
    "email": "quokkamail@example.in",
    "phone": "quokkaphone",
    "address": "quokkaaddress",
}
PASSWORD = "quokkapassword one"
NEW_PASSWORD = "quokkapassword two"
# What the client under test says of its own requests is not the service's log.
CLIENTS = ("httpx", "httpcore")


class Log(logging.Handler):
    """Keeps what is logged, at every level, as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(CLIENTS):
            self.lines.append(f"{record.getMessage()} {record.exc_info} {record.args}")

    def __str__(self) -> str:
        return "\n".join(self.lines).lower()

    def listen(self, *_: Any) -> None:
        logging.getLogger().addHandler(self)


@pytest.fixture
def log(storefront_server: str) -> Iterator[Log]:
    """Return the log. Another package's tests may have reset what the server configured."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure("DEBUG", "json", service="storefront")
    log = Log()
    log.listen()
    yield log
    root.handlers[:], level = before
    root.setLevel(level)


def refresh(token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": token}


def test_no_secret_and_no_person_is_logged_from_registration_to_erasure(
    client: httpx.Client, log: Log
) -> None:
    guest = client.post("/anonymous-shoppers").json()["access_token"]
    client.post("/users", json=PERSON | {"password": PASSWORD, "anonymous_token": guest})
    client.post("/users", json=PERSON | {"password": PASSWORD})
    client.post("/users", json=PERSON | {"password": "quokka"})
    form = {"username": PERSON["username"], "password": PASSWORD}
    client.post("/token", data=form | {"password": "quokkawrong"})
    tokens = client.post("/token", data=form | {"anonymous_token": "quokkatoken"}).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    second = client.post("/token", data=refresh(tokens["refresh_token"])).json()
    client.post("/token", data=refresh(tokens["refresh_token"]))
    client.patch("/users/me", json={"address": "quokkaelsewhere"}, headers=bearer)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert client.put("/users/me/password", json=change, headers=bearer).status_code == 204
    body = {"password": NEW_PASSWORD}
    assert client.request("DELETE", "/users/me", json=body, headers=bearer).status_code == 204
    assert client.get("/users/me", headers=bearer).status_code == 401

    assert "refresh_token_reused" in str(log)
    assert "anonymous_token_ignored" in str(log)
    pairs = [tokens, second]
    secrets = [pair[name] for pair in pairs for name in ("access_token", "refresh_token")]
    words = [word.lower() for word in ("quokka", guest, *secrets)]
    assert [line for line in log.lines if any(word in line.lower() for word in words)] == []


async def test_a_crash_of_the_database_logs_no_values(
    in_process: InProcess, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(self: UserRepository, username: str) -> None:
        self._session.execute(text("SELECT :name FROM no_such_table"), {"name": username})

    monkeypatch.setattr(UserRepository, "get_by_username", too_long)
    async with in_process(on_open=log.listen) as client:
        form = {"username": PERSON["username"], "password": PASSWORD}
        answer = await client.post("/token", data=form)
    assert answer.json()["title"] == ShopError.title
    assert "request_crashed" in str(log)
    assert [line for line in log.lines if "quokka" in line.lower()] == []
