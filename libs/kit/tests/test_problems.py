"""Every failure is answered in one shape, whatever went wrong."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import structlog
from fastapi import FastAPI
from pydantic import BaseModel

from fashion_kit import errors
from fashion_kit.errors import NotFoundError, ShopError, TransientError
from fashion_kit.problems import MEDIA_TYPE, install_problem_handlers, problem_of, problem_responses


class ShoeNotFoundError(NotFoundError):
    """Raised when a shoe is lost."""


class Body(BaseModel):
    """A body with a secret."""

    pin: int


def make_app() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/lost")
    async def lost() -> None:
        raise ShoeNotFoundError("The shoe is lost.", shoe_id=7)

    @app.get("/busy", responses=problem_responses(503))
    async def busy() -> None:
        raise TransientError("Too much to do.")

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("the database password is swordfish")

    @app.post("/body")
    async def body(body: Body) -> Body:
        return body

    return app


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def caller() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as caller:
        yield caller


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "kind"),
    [
        ("GET", "/lost", None, 404, "shoe-not-found"),
        ("GET", "/busy", None, 503, "transient"),
        ("GET", "/crash", None, 500, "internal-error"),
        ("GET", "/nowhere", None, 404, "not-found"),
        ("DELETE", "/lost", None, 405, "method-not-allowed"),
        ("POST", "/body", '{"pin": "x"}', 422, "invalid-request"),
        ("POST", "/body", '{"pin": ', 400, "unreadable-body"),
        ("POST", "/body", "", 422, "invalid-request"),
    ],
)
async def test_every_failure_has_the_one_shape(
    caller: httpx.AsyncClient, method: str, path: str, content: str | None, status: int, kind: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = await caller.request(method, path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert problem["type"] == f"urn:fashion-store:problem:{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


async def test_a_crash_tells_nothing_of_what_is_inside(caller: httpx.AsyncClient) -> None:
    assert "swordfish" not in (await caller.get("/crash")).text


async def test_an_invalid_request_names_the_place_and_not_the_value(
    caller: httpx.AsyncClient,
) -> None:
    answer = await caller.post("/body", json={"pin": "my secret"})
    assert answer.json()["errors"][0]["location"] == ["body", "pin"]
    assert "my secret" not in answer.text


async def test_a_transient_failure_says_when_to_come_back(caller: httpx.AsyncClient) -> None:
    assert (await caller.get("/busy")).headers["retry-after"] == "1"


async def test_problems_are_documented_as_what_they_are(caller: httpx.AsyncClient) -> None:
    document = (await caller.get("/openapi.json")).json()
    content = document["paths"]["/busy"]["get"]["responses"]["503"]["content"]
    assert list(content) == [MEDIA_TYPE]
    assert "Problem" in document["components"]["schemas"]


def test_what_helps_goes_into_the_problem() -> None:
    problem = problem_of(ShoeNotFoundError("The shoe is lost.", shoe_id=7))
    assert problem.model_dump()["shoe_id"] == 7


def test_each_error_of_the_tree_has_a_status_of_its_own() -> None:
    tree = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    statuses = [kind.status for kind in tree if issubclass(kind, ShopError)]
    assert sorted(statuses) == [
        *(400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 428, 429, 431),
        *(500, 503),
    ]
