"""Guests with tokens of their own, and carts that wait in the database."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from services.storefront.tests.conftest import Shopper

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity, issue_token
from storefront.carts.repository import CartRepository, NewLine
from storefront.database import Sessions, transaction
from storefront.dependencies import Role
from storefront.settings import StorefrontSettings

MakeCart = Callable[..., str]


@pytest.fixture
def greet(
    client: httpx.Client, storefront_settings: StorefrontSettings
) -> Iterator[Callable[[], Shopper]]:
    """Return a maker of guests."""
    opened: list[httpx.Client] = []
    key = storefront_settings.token_private_key_file.read_text()

    def make() -> Shopper:
        guest = Identity(f"anon-{new_id()}", Role.ANONYMOUS)
        token = issue_token(guest, key, now=utc_now(), lifetime=timedelta(hours=1))
        bearer = {"Authorization": f"Bearer {token}"}
        opened.append(httpx.Client(base_url=client.base_url, headers=bearer, timeout=30))
        return Shopper(guest.user_id, opened[-1])

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def guest(greet: Callable[[], Shopper]) -> Shopper:
    """Return a guest."""
    return greet()


@pytest.fixture
def make_cart(sessions: Sessions) -> MakeCart:
    """Return a maker of carts, which returns their ids."""

    def make(
        quantities: Mapping[int, int],
        *,
        price: str = "499.50",
        now: datetime | None = None,
        **owner: str,
    ) -> str:
        with transaction(sessions) as session:
            carts = CartRepository(session, **owner)
            cart = carts.open(new_id(), now or utc_now())
            lines = [NewLine(*line, Decimal(price)) for line in sorted(quantities.items())]
            if lines:
                carts.put_lines(cart.id, lines)
            carts.touch(cart, now or utc_now())
            return cart.id

    return make
