"""Who may do what: one row for every operation of both APIs, as their READMEs say it.

A row holds the status that each asker gets, in the order of `ASKERS`, and how the request is made.
What the request is about belongs to the owner.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.security.conftest import PASSWORD, Person, Shop

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id

ASKERS: Final = ("nobody", "guest", "other", "owner", "service", "admin")


@dataclass
class Scene:
    """The shop, everybody in it, and what belongs to the owner."""

    shop: Shop
    people: dict[str, Person]

    @property
    def owner(self) -> Person:
        """Return whose everything is."""
        return self.people["owner"]

    def purchase(self, *states: str) -> str:
        """Let the owner buy something; bring it to the last of the states."""
        line = {"product_id": self.shop.add_product(), "quantity": 1}
        bought = self._as_owner("POST", "/purchases", {"lines": [line]})
        purchase_id = str(bought["id"])
        for state in states:
            if state == "paid":
                self._as_owner("POST", f"/purchases/{purchase_id}/payments", {"method": "card_ok"})
            else:
                self._as("admin", "POST", f"/purchases/{purchase_id}/{state}")
        return purchase_id

    def reservation(self) -> str:
        """Let the owner keep something at the checkout."""
        line = {"product_id": self.shop.add_product(), "quantity": 1}
        return str(self._as_owner("POST", "/checkout", {"lines": [line]})["id"])

    def _as_owner(self, method: str, path: str, body: Any) -> Any:
        return self._as("owner", method, path, body)

    def _as(self, who: str, method: str, path: str, body: Any = None) -> Any:
        headers = self.people[who].bearer | {"Idempotency-Key": new_id()}
        answer = self.shop.storefront.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()


@dataclass(frozen=True)
class Asked:
    """A request, but for who sends it."""

    ids: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    form: dict[str, str] | None = None
    query: dict[str, Any] | None = None


Make = Callable[[Scene], Asked]


@dataclass(frozen=True)
class Row:
    """What each asker is answered, and to what."""

    expected: tuple[int, ...]
    make: Make
    spends_people: bool = False
    """Whether who asks is another one afterwards, or gone."""


def _nothing(_: Scene) -> Asked:
    return Asked()


def public(status: int, make: Make = _nothing) -> Row:
    """Return the row of what everybody is answered alike."""
    return Row((status,) * len(ASKERS), make)


def own(status: int, make: Make = _nothing, *, guests: int = 403, spends: bool = False) -> Row:
    """Return the row of what each user does with what is their own."""
    return Row((401, guests, status, status, status, status), make, spends)


def buyer(status: int, make: Make, *, service: int = 404, admin: int = 404) -> Row:
    """Return the row of what belongs to the owner: to others it is not there."""
    return Row((401, 403, 404, status, service, admin), make)


def staff(status: int, make: Make = _nothing) -> Row:
    """Return the row of what the shop's people and systems do."""
    return Row((401, 403, 403, 403, status, status), make)


def admin(status: int, make: Make = _nothing) -> Row:
    """Return the row of what only an admin does."""
    return Row((401, 403, 403, 403, 403, status), make)


def shopper(status: int, make: Make) -> Row:
    """Return the row of a shopper's picks: the owner's, and open to the shop's own systems."""
    return Row((401, 403, 403, status, status, status), make)


def _purchase(*states: str, body: Any = None) -> Make:
    return lambda scene: Asked({"purchase_id": scene.purchase(*states)}, body)


def _product(body: Any = None) -> Make:
    return lambda scene: Asked({"product_id": scene.shop.add_product()}, body)


def _lines(scene: Scene) -> Asked:
    return Asked(body={"lines": [{"product_id": scene.shop.add_product(), "quantity": 1}]})


def _reservation(scene: Scene) -> Asked:
    return Asked({"reservation_id": scene.reservation()})


def _owner_id(scene: Scene) -> Asked:
    return Asked({"user_id": scene.owner.id})


def _registration(_: Scene) -> Asked:
    name = f"n{new_id()}".lower()
    names = {"username": name, "email": f"{name}@example.in", "password": PASSWORD}
    return Asked(body=names | {"first_name": "Asha", "last_name": "Rao"})


def _login(scene: Scene) -> Asked:
    return Asked(form={"username": scene.owner.username, "password": PASSWORD})


def _guest_token(scene: Scene) -> Asked:
    return Asked(body={"anonymous_token": scene.shop.add_guest().anonymous_token})


def _event(_: Scene) -> Asked:
    event = {"event_id": new_id(), "type": "page_view", "session_id": "s"}
    return Asked(body={"events": [event | {"event_time": utc_now().isoformat()}]})


def _new_product(_: Scene) -> Asked:
    return Asked(body={"product_display_name": "Shirt", "price": "10.00", "stock": 1})


_TODAY: Final[dict[str, Any]] = {"day": utc_now().date().isoformat()}

STOREFRONT: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/health"): public(200),
    ("GET", "/ready"): public(200),
    ("GET", "/metrics"): public(200),
    ("GET", "/products"): public(200),
    ("GET", "/products/suggest"): public(200, lambda _: Asked(query={"q": "shirt"})),
    ("GET", "/products/{product_id}"): public(200, _product()),
    ("GET", "/products/{product_id}/image.svg"): public(200, _product()),
    ("GET", "/categories"): public(200),
    ("GET", "/schemas"): public(200),
    ("GET", "/schemas/{name}/{version}"): public(
        200, lambda _: Asked({"name": "interaction", "version": 1})
    ),
    ("GET", "/.well-known/jwks.json"): public(200),
    ("POST", "/users"): public(201, _registration),
    ("POST", "/token"): public(200, _login),
    ("POST", "/token/revoke"): public(200, lambda _: Asked(form={"token": "nobody's"})),
    ("POST", "/anonymous-shoppers"): public(201),
    # Without the provider's signature nobody is believed, whatever their role.
    ("POST", "/payments/notifications"): public(401, lambda _: Asked(body={})),
    # Without a bearer and without an anonymous id the event is rejected, the batch is answered.
    ("POST", "/events"): public(202, _event),
    ("POST", "/users/me/guests"): own(204, _guest_token, spends=True),
    ("GET", "/users/me"): own(200),
    ("PATCH", "/users/me"): own(200, lambda _: Asked(body={"last_name": "Iyer"})),
    ("PUT", "/users/me/password"): own(
        204,
        lambda _: Asked(body={"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}),
        spends=True,
    ),
    ("DELETE", "/users/me"): own(204, lambda _: Asked(body={"password": PASSWORD}), spends=True),
    ("GET", "/cart"): own(200, guests=200),
    ("DELETE", "/cart"): own(204, guests=204),
    ("PUT", "/cart/lines/{product_id}"): own(200, _product({"quantity": 1}), guests=200),
    ("DELETE", "/cart/lines/{product_id}"): own(204, _product(), guests=204),
    ("POST", "/purchases/quote"): own(200, _lines, guests=200),
    ("POST", "/purchases"): own(201, _lines),
    ("GET", "/purchases"): own(200),
    ("POST", "/checkout"): own(201, _lines),
    ("GET", "/checkout/{reservation_id}"): buyer(200, _reservation),
    ("DELETE", "/checkout/{reservation_id}"): buyer(204, _reservation),
    ("GET", "/purchases/{purchase_id}"): buyer(200, _purchase()),
    ("POST", "/purchases/{purchase_id}/cancel"): buyer(200, _purchase(), admin=200),
    ("POST", "/purchases/{purchase_id}/payments"): buyer(
        201, _purchase(body={"method": "card_ok"})
    ),
    ("GET", "/purchases/{purchase_id}/payments"): buyer(200, _purchase(), service=200, admin=200),
    ("GET", "/purchases/{purchase_id}/transitions"): buyer(
        200, _purchase(), service=200, admin=200
    ),
    ("GET", "/purchases/{purchase_id}/invoice"): buyer(
        200, _purchase("paid"), service=200, admin=200
    ),
    ("POST", "/purchases/{purchase_id}/ship"): staff(200, _purchase("paid")),
    ("POST", "/purchases/{purchase_id}/deliver"): staff(200, _purchase("paid", "ship")),
    ("POST", "/purchases/{purchase_id}/refund"): admin(200, _purchase("paid")),
    ("GET", "/admin/purchases"): staff(200),
    ("POST", "/admin/products"): admin(201, _new_product),
    ("GET", "/admin/products/{product_id}"): admin(200, _product()),
    ("PATCH", "/admin/products/{product_id}"): admin(200, _product({"price": "9.00"})),
    ("POST", "/admin/products/{product_id}/restock"): admin(200, _product({"quantity": 1})),
    ("POST", "/admin/products/{product_id}/retire"): admin(200, _product()),
    ("POST", "/admin/products/{product_id}/reinstate"): admin(200, _product()),
    ("GET", "/admin/products/{product_id}/changes"): admin(200, _product()),
    ("GET", "/events/bad"): admin(200, lambda _: Asked(query=_TODAY)),
}

RECOMMENDER: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/health"): public(200),
    ("GET", "/ready"): public(200),
    ("GET", "/metrics"): public(200),
    ("GET", "/trending"): public(200),
    ("GET", "/recommendations/similar/{product_id}"): public(
        200, lambda _: Asked({"product_id": 1})
    ),
    ("POST", "/recommendations/cart"): public(200, lambda _: Asked(body={"product_ids": [1]})),
    ("POST", "/recommendations/rerank"): shopper(
        200, lambda scene: Asked(body={"user_id": scene.owner.id, "product_ids": [1]})
    ),
    ("GET", "/recommendations/{user_id}"): shopper(200, _owner_id),
    ("DELETE", "/recommendations/{user_id}"): shopper(204, _owner_id),
    ("GET", "/recommendations/{user_id}/recently-viewed"): shopper(200, _owner_id),
}

ACCESS: Final = {"storefront": STOREFRONT, "recommender": RECOMMENDER}
