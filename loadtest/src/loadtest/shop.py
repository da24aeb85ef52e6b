"""The shop's REST interface, as its website uses it: one method for each call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtest.personas import Persona
from loadtest.wire import Answer, Call, Wire

PAGE_SIZE = 24


@dataclass(frozen=True)
class Addresses:
    """Where the shop's two services are: base URLs without a slash at the end."""

    storefront: str
    recommender: str | None = None
    """None: the shop shows no recommendations."""


class Shop:
    """The calls of one visitor, who may have a bearer token."""

    def __init__(self, wire: Wire, addresses: Addresses) -> None:
        self.token: str | None = None
        self.addresses = addresses
        self._wire = wire

    async def register(self, persona: Persona) -> Answer | None:
        """Open an account. 409: it exists already."""
        return await self._send("POST", "/users", expected={201, 409}, json=persona.registration())

    async def log_in(self, persona: Persona) -> Answer | None:
        """Get a token and keep it, if the shop gives one."""
        form = {"username": persona.username, "password": persona.password}
        answer = await self._wire.send(
            Call("POST", f"{self.addresses.storefront}/token", "/token", form=form)
        )
        self.token = answer.get("access_token") if answer is not None else None
        return answer

    async def who_am_i(self) -> Answer | None:
        """Read the own account."""
        return await self._send("GET", "/users/me")

    async def list_products(self, filters: Mapping[str, str]) -> Answer | None:
        """Read a page of products."""
        return await self._send("GET", "/products", params=filters)

    async def view_product(self, product_id: int) -> Answer | None:
        """Read a product. 404: it is no longer on sale."""
        return await self._send("GET", "/products/{id}", id=product_id, expected={200, 404})

    async def view_picks(self, shopper_id: str, limit: int) -> Answer | None:
        """Read the shopper's recommendations."""
        if self.addresses.recommender is None:
            return None
        return await self._wire.send(
            Call(
                "GET",
                f"{self.addresses.recommender}/recommendations/{shopper_id}",
                "/recommendations/{user_id}",
                params={"limit": str(limit)},
                headers=self._headers(),
            )
        )

    async def view_cart(self) -> Answer | None:
        """Read the own cart."""
        return await self._send("GET", "/cart")

    async def put_in_cart(self, product_id: int, quantity: int) -> Answer | None:
        """Set how many of a product are in the cart. 404: it is no longer on sale."""
        return await self._send(
            "PUT",
            "/cart/lines/{id}",
            id=product_id,
            expected={200, 404},
            json={"quantity": quantity},
        )

    async def take_out_of_cart(self, product_id: int) -> Answer | None:
        """Take a product out of the cart."""
        return await self._send("DELETE", "/cart/lines/{id}", id=product_id, expected={204})

    async def purchase(self, order: Mapping[str, Any], key: str) -> Answer | None:
        """Buy; the key makes every repetition the same purchase."""
        return await self._send(
            "POST",
            "/purchases",
            expected={201, 409},
            json=dict(order),
            headers={"Idempotency-Key": key},
        )

    async def send_events(self, events: Sequence[Mapping[str, Any]]) -> Answer | None:
        """Hand events over; the ids in them make every repetition the same events."""
        return await self._send("POST", "/events", expected={202}, json={"events": [*events]})

    async def _send(
        self,
        method: str,
        endpoint: str,
        *,
        id: int | None = None,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> Answer | None:
        expected = frozenset(details.pop("expected", {200}))
        path = endpoint if id is None else endpoint.replace("{id}", str(id))
        return await self._wire.send(
            Call(
                method,
                self.addresses.storefront + path,
                endpoint,
                expected=expected,
                headers={**self._headers(), **(headers or {})},
                **details,
            )
        )

    def _headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
