"""Those who keep the catalogue: clients with tokens of every role."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity, issue_token
from storefront.models import StockMovement
from storefront.settings import StorefrontSettings

ACTOR = "01ADM1N0000000000000000000"
ClientOf = Callable[[str], httpx.Client]


@pytest.fixture
def client_of(client: httpx.Client, storefront_settings: StorefrontSettings) -> Iterator[ClientOf]:
    """Return a maker of clients whose token has a role."""
    key = storefront_settings.token_private_key_file.read_text()
    opened: list[httpx.Client] = []

    def make(role: str) -> httpx.Client:
        identity = Identity(ACTOR if role == "admin" else new_id(), role)
        token = issue_token(identity, key, now=utc_now(), lifetime=timedelta(minutes=5))
        bearer = {"Authorization": f"Bearer {token}"}
        opened.append(httpx.Client(base_url=client.base_url, headers=bearer, timeout=30))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def admin(client_of: ClientOf) -> httpx.Client:
    """Return an admin's client."""
    return client_of("admin")


def restock(
    admin: httpx.Client, product_id: int, quantity: int, *, key: str | None = None, **body: Any
) -> httpx.Response:
    headers = {"Idempotency-Key": key or new_id()}
    body = {"quantity": quantity, **body}
    return admin.post(f"/admin/products/{product_id}/restock", json=body, headers=headers)


def patch(
    admin: httpx.Client, product_id: int, etag: str | None = '"1"', **changes: Any
) -> httpx.Response:
    headers = {} if etag is None else {"If-Match": etag}
    return admin.patch(f"/admin/products/{product_id}", json=changes, headers=headers)


def changes_of(admin: httpx.Client, product_id: int) -> list[dict[str, Any]]:
    answer = admin.get(f"/admin/products/{product_id}/changes")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def movements_of(session: Session, product_id: int) -> list[tuple[str, int]]:
    statement = (
        select(StockMovement.reason, StockMovement.quantity)
        .where(StockMovement.product_id == product_id)
        .order_by(StockMovement.id)
    )
    return [(row.reason, row.quantity) for row in session.execute(statement)]
