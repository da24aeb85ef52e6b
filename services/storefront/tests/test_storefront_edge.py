"""What every request of the shop passes first, with the shop's own settings and paths."""

from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import PASSWORD, InProcess, Shopper

from fashion_kit.edge.security_headers import DOCS_POLICIES
from fashion_kit.problems import MEDIA_TYPE
from storefront.app import create_app
from storefront.edge import CREDENTIALS, OPERATIONS

ORIGIN = "https://shop.example"
PATHS = create_app().openapi()["paths"]


class TestDescription:
    def test_every_operation_says_that_it_may_be_unreadable_too_long_or_too_often(self) -> None:
        for path, item in PATHS.items():
            for method, operation in item.items():
                expected = {"400", "408", "413"} | (set() if path in OPERATIONS else {"429"})
                assert expected <= set(operation["responses"]), (method, path)

    def test_every_path_that_is_named_exists(self) -> None:
        named = {(method.lower(), path) for method, path in CREDENTIALS}
        named |= {("get", path) for path in OPERATIONS}
        assert {(method, path) for path, item in PATHS.items() for method in item} >= named

    def test_every_operation_that_takes_a_password_is_limited_as_such(self) -> None:
        schemas = create_app().openapi()["components"]["schemas"]
        found = set()
        for path, item in PATHS.items():
            for method, operation in item.items():
                text = str(operation.get("requestBody", {}))
                names = {name for name in schemas if f"schemas/{name}'" in text}
                fields = {field for name in names for field in schemas[name].get("properties", ())}
                if any("password" in field for field in fields):
                    found.add((method.upper(), path))
        assert found == CREDENTIALS


@pytest.mark.servers
class TestLimits:
    async def test_too_many_logins_from_one_address_are_429(self, in_process: InProcess) -> None:
        form = {"username": "nobody", "password": PASSWORD}
        async with in_process({"credential_requests_per_minute": 2}) as client:
            statuses = [(await client.post("/token", data=form)).status_code for _ in range(3)]
            assert (await client.get("/products")).status_code == 200
        assert statuses == [401, 401, 429]

    async def test_too_many_events_of_one_bearer_are_429(
        self, in_process: InProcess, shopper: Shopper
    ) -> None:
        headers = dict(shopper.client.headers)
        async with in_process({"user_requests_per_minute": 1}) as client:
            answers = [
                await client.post("/events", content=b"{", headers=headers) for _ in range(2)
            ]
        assert [answer.status_code for answer in answers] == [400, 429]
        assert answers[1].headers["ratelimit-policy"] == '"user";q=1;w=60'

    async def test_operators_are_never_limited(self, in_process: InProcess) -> None:
        async with in_process({"address_requests_per_minute": 1}) as client:
            for path in (*OPERATIONS, *OPERATIONS):
                assert (await client.get(path)).status_code == 200

    async def test_nought_is_no_limit(self, client: httpx.Client) -> None:
        assert "ratelimit" not in client.get("/products").headers

    def test_a_body_that_is_too_long_is_413_but_events_have_their_own_limit(
        self, client: httpx.Client
    ) -> None:
        body = b" " * 300_000
        answers = [client.post(path, content=body) for path in ("/users", "/events")]
        assert [answer.status_code for answer in answers] == [413, 400]

    def test_a_body_that_does_not_say_how_long_it_is_is_413_as_well(
        self, client: httpx.Client
    ) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for path, headers in (("/users", {"Content-Type": "application/json"}), ("/token", form)):
            chunks = (b"x" * 10_000 for _ in range(40))
            answer = client.post(path, content=chunks, headers=headers)
            assert answer.status_code == 413
            assert answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.servers
class TestBrowsers:
    @pytest.mark.parametrize("path", DOCS_POLICIES)
    def test_a_page_of_the_docs_may_load_what_it_names(
        self, client: httpx.Client, path: str
    ) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "cdn.jsdelivr.net" in answer.headers["content-security-policy"]

    async def test_a_known_website_may_send_and_read_what_the_shop_needs(
        self, in_process: InProcess
    ) -> None:
        asked = "authorization,idempotency-key,if-match,content-type"
        preflight = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": asked,
        }
        async with in_process({"cors_origins": (ORIGIN,)}) as client:
            assert (await client.options("/users/me", headers=preflight)).status_code == 200
            answer = await client.get("/users/me", headers={"Origin": ORIGIN})
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "Idempotent-Replayed" in answer.headers["access-control-expose-headers"]

    async def test_a_crash_is_readable_as_well_and_says_nothing(
        self, in_process: InProcess
    ) -> None:
        def crash(*_: Any) -> None:
            raise RuntimeError("a secret")

        async with in_process({"cors_origins": (ORIGIN,)}, events=crash) as client:
            answer = await client.post("/events", content=b"{}", headers={"Origin": ORIGIN})
        assert (answer.status_code, answer.headers["content-type"]) == (500, MEDIA_TYPE)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "secret" not in answer.text
