"""Whose is what: every operation of the API, asked by nobody, by a guest, and by another user.

The cases come from the OpenAPI document. A new operation that needs a bearer is asked without
saying so anywhere; one for guests, or with a new kind of id, fails here until this file knows it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper

from fashion_kit.ids import new_id
from storefront.app import create_app

pytestmark = pytest.mark.servers

DOCUMENT: Final = create_app().openapi()

# Operations that a guest's token opens as well: what they show is the guest's own.
FOR_GUESTS: Final[set[tuple[str, str]]] = {
    ("GET", "/cart"),
    ("DELETE", "/cart"),
    ("PUT", "/cart/lines/{product_id}"),
    ("DELETE", "/cart/lines/{product_id}"),
    ("POST", "/events"),
    ("POST", "/purchases/quote"),
}
# Ids of what is everybody's.
PUBLIC_IDS: Final = {"product_id", "name", "version"}
# Bodies that name what is somebody's.
BODIES_WITH_IDS: Final[list[tuple[tuple[str, str], str]]] = [
    (("POST", "/purchases"), "cart_id"),
    (("POST", "/purchases"), "reservation_id"),
    (("POST", "/purchases/quote"), "cart_id"),
    (("POST", "/purchases/quote"), "reservation_id"),
    (("POST", "/checkout"), "cart_id"),
]
# What cannot be made up from the schema.
EXAMPLES: Final[dict[str, Any]] = {
    "password": "correct horse battery",
    "email": "somebody@example.in",
    "username": "somebody",
}

Find = Callable[[], str]


@dataclass(frozen=True)
class Operation:
    """One operation of the API's description."""

    method: str
    path: str
    detail: dict[str, Any]

    @property
    def name(self) -> tuple[str, str]:
        return self.method, self.path

    @property
    def needs_bearer(self) -> bool:
        security = self.detail.get("security", [])
        return bool(security) and {} not in security

    @property
    def takes_bearer(self) -> bool:
        return bool(self.detail.get("security"))

    @property
    def ids(self) -> list[str]:
        parameters = self.detail.get("parameters", [])
        return [one["name"] for one in parameters if one["in"] == "path"]

    @property
    def owned_ids(self) -> list[str]:
        return [name for name in self.ids if name not in PUBLIC_IDS]

    def body(self) -> Any:
        """Return the least body that the schema allows."""
        content = self.detail.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else example(schema)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations() -> Iterator[Operation]:
    for path, item in DOCUMENT["paths"].items():
        for method, detail in item.items():
            yield Operation(method.upper(), path, detail)


OPERATIONS: Final = list(operations())
WITH_BEARER: Final = [one for one in OPERATIONS if one.takes_bearer]
WITH_OWNED_IDS: Final = [one for one in OPERATIONS if one.owned_ids]


def example(schema: dict[str, Any], name: str = "") -> Any:
    """Return the least value that the schema allows."""
    if reference := schema.get("$ref"):
        return example(DOCUMENT["components"]["schemas"][reference.rsplit("/", 1)[1]], name)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return example(choices[0], name)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        wanted = schema.get("required", [])
        return {key: example(schema["properties"][key], key) for key in wanted}
    if schema.get("type") == "array":
        return [example(schema["items"], name)] * schema.get("minItems", 0)
    if schema.get("type") in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    return EXAMPLES.get(name, "x" * max(8, schema.get("minLength", 0)))


def send(
    client: httpx.Client, operation: Operation, ids: dict[str, str] | None = None, body: Any = None
) -> httpx.Response:
    filled = dict.fromkeys(operation.ids, "1") | (ids or {})
    headers = {"Idempotency-Key": new_id(), "If-Match": "*"}
    path = operation.path.format_map(filled)
    body = operation.body() if body is None else body
    return client.request(operation.method, path, json=body, headers=headers)


@pytest.fixture
def owned(
    register: Callable[[], Shopper], make_product: MakeProduct
) -> tuple[Shopper, dict[str, Find]]:
    """Return a user, and ways to the id of something that is theirs, by the parameter's name."""
    owner = register()

    def purchase() -> str:
        return str(owner.buy(make_product(stock=1_000)).json()["id"])

    def cart() -> str:
        cart = owner.client.put(f"/cart/lines/{make_product()}", json={"quantity": 1})
        return str(cart.json()["id"])

    def reservation() -> str:
        line = {"product_id": make_product(), "quantity": 1}
        return str(owner.client.post("/checkout", json={"lines": [line]}).json()["id"])

    return owner, {"purchase_id": purchase, "cart_id": cart, "reservation_id": reservation}


@pytest.fixture
def guest(client: httpx.Client) -> Iterator[httpx.Client]:
    """Return a guest's client."""
    token = client.post("/anonymous-shoppers").json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=client.base_url, headers=headers, timeout=30) as opened:
        yield opened


def test_the_document_is_read() -> None:
    assert len(WITH_BEARER) >= 10
    assert len(WITH_OWNED_IDS) >= 1


@pytest.mark.parametrize("operation", WITH_BEARER, ids=str)
@pytest.mark.parametrize("token", [None, "Bearer x", "Basic eDp5"])
def test_nobody_is_401(client: httpx.Client, operation: Operation, token: str | None) -> None:
    if token is not None:
        client.headers["Authorization"] = token
    elif not operation.needs_bearer:
        pytest.skip("it serves strangers as well")
    assert send(client, operation).status_code == 401


@pytest.mark.parametrize("operation", WITH_BEARER, ids=str)
def test_a_guest_is_403_but_where_guests_are_served(
    guest: httpx.Client, operation: Operation
) -> None:
    answer = send(guest, operation)
    if operation.name in FOR_GUESTS:
        assert answer.status_code != 403
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("operation", WITH_OWNED_IDS, ids=str)
def test_anothers_is_404_or_not_for_users_at_all(
    owned: tuple[Shopper, dict[str, Find]], register: Callable[[], Shopper], operation: Operation
) -> None:
    _, find = owned
    unknown = set(operation.owned_ids) - find.keys()
    assert not unknown, f"say in this file how one comes by {unknown}, or that it is everybody's"
    ids = {name: find[name]() for name in operation.owned_ids}
    another = register()
    answer = send(another.client, operation, ids)
    assert answer.status_code in (403, 404), answer.text
    nobodys = send(another.client, operation, dict.fromkeys(ids, new_id()))
    assert nobodys.status_code == answer.status_code
    assert nobodys.json()["type"] == answer.json()["type"]


@pytest.mark.parametrize(("name", "field"), BODIES_WITH_IDS, ids=str)
def test_anothers_in_a_body_is_404(
    owned: tuple[Shopper, dict[str, Find]],
    register: Callable[[], Shopper],
    name: tuple[str, str],
    field: str,
) -> None:
    operation = next(one for one in OPERATIONS if one.name == name)
    answer = send(register().client, operation, body={field: owned[1][field]()})
    assert answer.status_code == 404


def test_every_body_that_names_an_id_is_known() -> None:
    named = {
        (operation.name, field)
        for operation in WITH_BEARER
        for field in fields(operation)
        if field.endswith("_id") and field not in PUBLIC_IDS
    }
    assert named - set(BODIES_WITH_IDS) - {(("POST", "/events"), "events")} == set()


def fields(operation: Operation) -> Iterator[str]:
    content = operation.detail.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema = DOCUMENT["components"]["schemas"].get(reference.rsplit("/", 1)[-1], {})
    yield from schema.get("properties", {})


def test_what_one_user_does_is_not_seen_by_another(
    owned: tuple[Shopper, dict[str, Find]], register: Callable[[], Shopper]
) -> None:
    owner, find = owned
    find["purchase_id"](), find["cart_id"]()
    another = register()
    for path, key in (("/purchases", "items"), ("/cart", "lines")):
        assert len(owner.client.get(path).json()[key]) == 1
        assert another.client.get(path).json()[key] == []
