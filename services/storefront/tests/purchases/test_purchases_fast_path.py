"""The short way: it takes exactly the requests that FastAPI takes, and words no refusal."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Depends, FastAPI, Request
from hypothesis import example, given
from hypothesis import strategies as st
from services.storefront.tests.conftest import MakeProduct, Shopper

from fashion_kit.clock import utc_now
from fashion_kit.problems import install_problem_handlers
from fashion_kit.tokens import Identity, OwnIssuer, TokenVerifier, issue_token
from storefront.dependencies import UserDep
from storefront.purchases.endpoints import get_idempotency_key
from storefront.purchases.fast_path import read_order
from storefront.purchases.orders import Order
from storefront.purchases.schemas import PurchaseRequest

KEY = Ed25519PrivateKey.generate()
VERIFIER = TokenVerifier(OwnIssuer([KEY.public_key()], clock=utc_now), clock=utc_now)


def token_of(role: str, lifetime: timedelta = timedelta(hours=1)) -> str:
    identity = Identity("01ARZ3NDEKTSV4RRFFQ69G5FAV", role)
    return issue_token(identity, KEY, now=utc_now(), lifetime=lifetime)


USER, GUEST = token_of("customer"), token_of("anonymous")
OVER = token_of("customer", timedelta(hours=-1))
GOOD_HEADERS = {
    "content-type": "application/json",
    "authorization": f"Bearer {USER}",
    "idempotency-key": "k",
}
GOOD_BODY = json.dumps({"lines": [{"product_id": 1, "quantity": 1, "unit_price": 9.9}]}).encode()

values = st.one_of(
    st.integers(-1, 1001),
    st.floats(0, 12),
    st.sampled_from([2**32, 1.0, True, None, "5", " 5", "5.0", "x", "1e1", "9.990", float("nan")]),
)
lines = st.fixed_dictionaries(
    {"product_id": st.integers(1, 9) | values, "quantity": st.integers(1, 9) | values},
    optional={"unit_price": values, "discount": values},
)
bodies = st.one_of(
    st.fixed_dictionaries({"lines": st.lists(lines, max_size=3) | values}),
    st.fixed_dictionaries(
        {},
        optional={
            "lines": st.lists(lines, max_size=1) | st.none(),
            "cart_id": st.text(max_size=30) | values,
            "reservation_id": st.text(max_size=30) | values,
        },
    ),
    st.lists(lines, max_size=2) | values,
)

Call = tuple[dict[str, str], bytes]


async def by_fastapi(call: Call) -> Order | None:
    """Return the order that FastAPI hands to an endpoint like ours."""
    app = FastAPI()
    install_problem_handlers(app)
    taken: list[Order] = []

    @app.post("/purchases")
    async def place(
        request: PurchaseRequest, user: UserDep, key: Annotated[str, Depends(get_idempotency_key)]
    ) -> None:
        taken.append(Order.of(user, key, request))

    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"verifier": VERIFIER}}, receive, send)

    headers, body = call
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(with_state)) as client:
        answer = await client.post("http://shop/purchases", content=body, headers=raw)
    assert (answer.status_code == 200) is bool(taken)
    return taken[0] if taken else None


async def by_fast_path(call: Call) -> Order | None:
    headers, body = call
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "headers": raw, "state": {"verifier": VERIFIER}}
    return await read_order(Request(scope), body)


def both(call: Call) -> tuple[Order | None, Order | None]:
    async def run() -> tuple[Order | None, Order | None]:
        return await by_fast_path(call), await by_fastapi(call)

    return asyncio.run(run())


class TestReadOrder:
    @given(bodies)
    @example({"lines": [{"product_id": 1, "quantity": 1}]})
    def test_it_takes_the_bodies_that_fastapi_takes_as_the_same_orders(self, body: Any) -> None:
        fast, slow = both((GOOD_HEADERS, json.dumps(body).encode()))
        assert fast == slow

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"\xff", b"[" * 100_000, b"null", b'{"lines":[],"lines":[]}', GOOD_BODY]
    )
    def test_it_takes_the_bytes_that_fastapi_takes(self, body: bytes) -> None:
        fast, slow = both((GOOD_HEADERS, body))
        assert fast == slow

    @pytest.mark.parametrize(
        ("name", "value", "is_taken"),
        [
            ("content-type", "application/json", True),
            ("content-type", "text/plain", False),
            ("authorization", f"bearer {USER}", True),
            ("authorization", f"Bearer {GUEST}", False),
            ("authorization", f"Bearer {OVER}", False),
            ("authorization", f"Basic {USER}", False),
            ("authorization", USER, False),
            ("idempotency-key", "a b", False),
            ("idempotency-key", "é", False),
            ("idempotency-key", "", False),
            ("x-other", "1", True),
        ],
    )
    def test_it_takes_the_headers_that_fastapi_takes(
        self, name: str, value: str, is_taken: bool
    ) -> None:
        fast, slow = both((GOOD_HEADERS | {name: value}, GOOD_BODY))
        assert fast == slow
        assert (fast is not None) is is_taken

    @pytest.mark.parametrize("name", GOOD_HEADERS)
    def test_what_lacks_a_header_is_left_to_fastapi(self, name: str) -> None:
        headers = {key: value for key, value in GOOD_HEADERS.items() if key != name}
        assert both((headers, GOOD_BODY)) == (None, None)


@pytest.mark.servers
class TestHandingOn:
    def test_a_body_that_was_read_is_handed_on_whole(self, shopper: Shopper) -> None:
        body = json.dumps({"lines": [{"product_id": 1, "quantity": 0}]}).encode()
        headers = {"Idempotency-Key": "k", "content-type": "application/json"}
        pieces = (body[at : at + 16] for at in range(0, len(body), 16))
        answer = shopper.client.post("/purchases", content=pieces, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["location"] == ["body", "lines", "0", "quantity"]

    def test_another_media_type_of_json_is_taken_as_well(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        body = json.dumps({"lines": [{"product_id": make_product(), "quantity": 1}]})
        headers = {"Idempotency-Key": "k", "content-type": "application/json; charset=utf-8"}
        first = shopper.client.post("/purchases", content=body, headers=headers)
        headers["content-type"] = "application/json"
        again = shopper.client.post("/purchases", content=body, headers=headers)
        assert (first.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
