"""What every request passes: limits, headers, CORS, and an answer to a crash that has them all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from fashion_kit.edge.body_limit import BodyLimitMiddleware
from fashion_kit.edge.cors import CorsMiddleware
from fashion_kit.edge.crashes import CrashMiddleware
from fashion_kit.edge.limiter import RateLimiter
from fashion_kit.edge.rate_limits import RateLimitMiddleware, RateLimits
from fashion_kit.edge.security_headers import SecurityHeadersMiddleware
from fashion_kit.edge.trailing_slash import TrailingSlashMiddleware
from fashion_kit.problems import MEDIA_TYPE, install_problem_handlers

ORIGIN = "https://shop.example"
LIMIT = 1_000

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def make_app() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.post("/exempt-echo")
    async def echo_all(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    async def take_json(body: dict[str, Any]) -> int:
        return len(body)

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("a secret")

    @app.get("/page")
    async def page(response: Response) -> str:
        response.headers["Cache-Control"] = "public, max-age=60"
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        return "page"

    app.add_middleware(BodyLimitMiddleware, exempt={("POST", "/exempt"), ("POST", "/exempt-echo")})
    app.add_middleware(RateLimitMiddleware)
    app.add_middleware(CrashMiddleware)
    app.add_middleware(CorsMiddleware, allow_headers=["If-Match"], expose_headers=["ETag"])
    app.add_middleware(SecurityHeadersMiddleware, page_policies={"/docs": "script-src cdn"})
    app.add_middleware(TrailingSlashMiddleware)
    return app


def limits(**changed: Any) -> RateLimits:
    values: dict[str, Any] = {
        "by_address": None,
        "by_bearer": None,
        "credentials_by_address": None,
        "credentials": {("POST", "/echo")},
        "exempt": {"/health"},
        "timer": lambda: 0.0,
    }
    return RateLimits(**values | changed)


def at_most(quota: int, name: str = "address") -> RateLimiter:
    return RateLimiter(name, quota, entries=100)


@pytest.fixture
def serve() -> Serve:
    """Return a way to ask the app, with its state changed."""

    @asynccontextmanager
    async def open_client(
        address: tuple[str, int] = ("192.0.2.1", 1), **changed: Any
    ) -> AsyncIterator[httpx.AsyncClient]:
        state = {
            "body_limit": LIMIT,
            "body_timeout": 20,
            "cors_origins": (ORIGIN,),
            "rate_limits": limits(),
        } | changed
        app = make_app()

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app(scope | {"state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(with_state, client=address, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            yield client

    return open_client


class TestRateLimits:
    async def test_every_answer_says_what_is_left(self, serve: Serve) -> None:
        async with serve(rate_limits=limits(by_address=at_most(2))) as client:
            answer = await client.get("/nowhere")
        assert answer.headers["ratelimit-policy"] == '"address";q=2;w=60'
        assert answer.headers["ratelimit"] == '"address";r=1;t=30'

    async def test_too_many_are_429_with_when_to_come_back(self, serve: Serve) -> None:
        async with serve(rate_limits=limits(by_address=at_most(1))) as client:
            await client.get("/page")
            answer = await client.get("/page")
        assert answer.status_code == 429
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.headers["retry-after"] == "60"
        assert answer.headers["ratelimit"] == '"address";r=0;t=60'
        assert answer.json()["violated-policies"] == ["address"]

    async def test_a_bearer_is_counted_by_its_token(self, serve: Serve) -> None:
        async with serve(rate_limits=limits(by_bearer=at_most(1, "user"))) as client:
            tokens = ["a", "a", "b"]
            answers = [
                await client.get("/page", headers={"Authorization": f"Bearer {token}"})
                for token in tokens
            ]
            nobody = await client.get("/page")
        assert [answer.status_code for answer in answers] == [200, 429, 200]
        assert "ratelimit" not in nobody.headers

    async def test_where_a_password_can_be_tried_the_limit_is_stricter(self, serve: Serve) -> None:
        strict = limits(by_address=at_most(9), credentials_by_address=at_most(1, "credentials"))
        async with serve(rate_limits=strict) as client:
            statuses = [(await client.post("/echo")).status_code for _ in range(2)]
            other = await client.get("/page")
        assert statuses == [200, 429]
        assert (other.status_code, other.headers["ratelimit"]) == (200, '"address";r=6;t=20')

    async def test_what_is_exempt_is_never_counted(self, serve: Serve) -> None:
        async with serve(rate_limits=limits(by_address=at_most(1))) as client:
            answers = [await client.get("/health") for _ in range(3)]
        assert all("ratelimit" not in answer.headers for answer in answers)
        assert {answer.status_code for answer in answers} == {404}

    @pytest.mark.parametrize(
        ("one", "other", "are_the_same"),
        [
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:192.0.2.1", "192.0.2.1", True),
            ("fe80::1%eth0", "fe80::2%eth0", True),
            ("not:an:address", "not:an:address", True),
        ],
    )
    async def test_an_ipv6_subscriber_counts_as_one(
        self, serve: Serve, one: str, other: str, are_the_same: bool
    ) -> None:
        counted = limits(by_address=at_most(1))
        async with serve((one, 1), rate_limits=counted) as client:
            await client.get("/page")
        async with serve((other, 1), rate_limits=counted) as client:
            answer = await client.get("/page")
        assert answer.status_code == (429 if are_the_same else 200)


class TestBodyLimit:
    @pytest.mark.parametrize("path", ["/echo", "/json", "/nowhere"])
    async def test_a_declared_length_is_believed(self, serve: Serve, path: str) -> None:
        async with serve() as client:
            answer = await client.post(path, content=b"x" * (LIMIT + 1))
        assert (answer.status_code, answer.json()["limit"]) == (413, LIMIT)
        assert answer.headers["content-type"] == MEDIA_TYPE

    @pytest.mark.parametrize("path", ["/echo", "/json"])
    async def test_a_streamed_body_is_counted(self, serve: Serve, path: str) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(LIMIT // 10 + 1):
                yield b"x" * 10

        async with serve() as client:
            headers = {"Content-Type": "application/json"}
            answer = await client.post(path, content=chunks(), headers=headers)
        assert (answer.status_code, answer.json()["limit"]) == (413, LIMIT)

    async def test_a_body_of_just_the_limit_passes(self, serve: Serve) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"x" * LIMIT

        async with serve() as client:
            declared = await client.post("/echo", content=b"x" * LIMIT)
            streamed = await client.post("/echo", content=chunks())
        assert declared.json() == streamed.json() == LIMIT

    @pytest.mark.parametrize("path", ["/echo", "/json", "/exempt-echo"])
    async def test_a_body_that_does_not_come_in_time_is_408(self, serve: Serve, path: str) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.Event().wait()

        async with serve(body_timeout=0.05) as client:
            headers = {"Content-Type": "application/json"}
            answer = await client.post(path, content=chunks(), headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (408, MEDIA_TYPE)
        assert answer.headers["connection"] == "close"

    async def test_an_operation_with_a_limit_of_its_own_is_left_alone(self, serve: Serve) -> None:
        async with serve() as client:
            assert (await client.post("/exempt", content=b"x" * 2 * LIMIT)).status_code == 404


class TestSecurityHeaders:
    EXPECTED = (
        "x-content-type-options",
        "referrer-policy",
        "strict-transport-security",
        "cross-origin-resource-policy",
        "content-security-policy",
    )

    @pytest.mark.parametrize("path", ["/page", "/nowhere", "/crash", "/docs", "/openapi.json"])
    async def test_every_answer_has_them(self, serve: Serve, path: str) -> None:
        async with serve() as client:
            answer = await client.get(path)
        assert [name for name in self.EXPECTED if name not in answer.headers] == []

    async def test_data_may_load_nothing_and_a_page_what_it_needs(self, serve: Serve) -> None:
        async with serve() as client:
            policies = {
                path: (await client.get(path)).headers["content-security-policy"]
                for path in ("/crash", "/docs", "/page")
            }
        assert policies["/crash"] == "default-src 'none'; frame-ancestors 'none'"
        assert policies["/docs"] == "script-src cdn"
        assert policies["/page"] == "default-src 'self'"

    async def test_an_answer_to_a_bearer_is_not_stored_unless_it_says_so(
        self, serve: Serve
    ) -> None:
        bearer = {"Authorization": "Bearer x"}
        async with serve() as client:
            mine = await client.get("/nowhere", headers=bearer)
            own = await client.get("/page", headers=bearer)
            everybodys = await client.get("/nowhere")
        assert mine.headers["cache-control"] == "no-store"
        assert own.headers["cache-control"] == "public, max-age=60"
        assert "cache-control" not in everybodys.headers


class TestCors:
    @pytest.mark.parametrize("path", ["/page", "/nowhere", "/crash"])
    async def test_a_known_website_may_read_every_answer(self, serve: Serve, path: str) -> None:
        async with serve() as client:
            answer = await client.get(path, headers={"Origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["access-control-expose-headers"] == "ETag"

    async def test_it_may_read_that_it_came_too_often_or_sent_too_much(self, serve: Serve) -> None:
        async with serve(rate_limits=limits(by_address=at_most(1))) as client:
            body = b"x" * (LIMIT + 1)
            answers = [
                await client.post("/echo", content=body, headers={"Origin": ORIGIN})
                for _ in range(2)
            ]
        assert [answer.status_code for answer in answers] == [413, 429]
        assert {answer.headers["access-control-allow-origin"] for answer in answers} == {ORIGIN}

    async def test_another_website_may_not(self, serve: Serve) -> None:
        async with serve() as client:
            answer = await client.get("/page", headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in answer.headers

    async def test_without_a_known_website_there_is_no_preflight(self, serve: Serve) -> None:
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        async with serve() as client:
            known = await client.options("/page", headers=headers)
        async with serve(cors_origins=()) as client:
            none = await client.options("/page", headers=headers)
        assert (known.status_code, none.status_code) == (200, 405)


class TestTrailingSlash:
    async def test_the_path_is_the_one_without_it(self, serve: Serve) -> None:
        credentials = at_most(1, "credentials")
        async with serve(rate_limits=limits(credentials_by_address=credentials)) as client:
            answers = [await client.post("/echo/", content=b"abc") for _ in range(2)]
        # No way past a limit that goes by the path.
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[0].json() == 3


class TestCrash:
    async def test_it_is_a_problem_that_says_nothing(self, serve: Serve) -> None:
        async with serve() as client:
            answer = await client.get("/crash")
        assert (answer.status_code, answer.headers["content-type"]) == (500, MEDIA_TYPE)
        assert "secret" not in answer.text
