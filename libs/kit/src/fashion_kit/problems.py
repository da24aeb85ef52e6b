"""RFC 9457 problem details: every failure of every service answers in this one shape."""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from fashion_kit.errors import BadRequestError, ShopError, UnprocessableError
from fashion_kit.logs import get_logger

MEDIA_TYPE = "application/problem+json"

log = get_logger(__name__)


class UnreadableBodyError(BadRequestError):
    """Raised when a body is not the JSON that it says it is."""

    def __init__(self) -> None:
        super().__init__("The body is not readable as JSON.")


class InvalidTextError(UnprocessableError):
    """Raised when a text holds half a character, which JSON can say and nothing can keep."""

    def __init__(self) -> None:
        super().__init__("A text of the request is not valid Unicode.")


class Problem(BaseModel):
    """The body of every error (RFC 9457). `type` is a stable name to switch on."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem as a response of its own media type."""
    return JSONResponse(
        problem.model_dump(), problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def problem_of(error: ShopError) -> Problem:
    """Return what the caller is told of our own error."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__.removesuffix("Error")).lower()
    return Problem(
        type=f"urn:fashion-store:problem:{name}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        **jsonable_encoder(error.extensions),
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Make every failure of the app answer application/problem+json, and document that."""
    app.add_exception_handler(ShopError, _on_shop_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    # Only a client can have brought such a text: none of ours has half a character.
    app.add_exception_handler(UnicodeEncodeError, _on_invalid_text)
    app.add_exception_handler(Exception, answer_crash)
    _document_one_media_type(app)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of the problems that an endpoint may answer with."""
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def document_problems(app: FastAPI, *statuses: int, exempt: Collection[str] = ()) -> None:
    """Add to every operation's description what any may answer, but for the exempt paths."""
    describe = app.openapi
    added = {
        str(status): {key: value for key, value in response.items() if key != "model"}
        for status, response in problem_responses(*statuses).items()
    }

    def openapi() -> dict[str, Any]:
        document = describe()
        for path, item in document["paths"].items():
            for operation in item.values() if path not in exempt else ():
                operation["responses"] = dict(sorted((added | operation["responses"]).items()))
        return document

    # FastAPI's documented way to extend it.
    app.openapi = openapi  # type: ignore[method-assign]


def _document_one_media_type(app: FastAPI) -> None:
    # FastAPI documents a model in the media type of the endpoint, whatever else its entry says.
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        operations = (item for path in document["paths"].values() for item in path.values())
        for response in (
            item for operation in operations for item in operation["responses"].values()
        ):
            if MEDIA_TYPE in (content := response.get("content", {})):
                response["content"] = {MEDIA_TYPE: content[MEDIA_TYPE]}
        return document

    # FastAPI's documented way to extend it.
    app.openapi = openapi  # type: ignore[method-assign]


async def _on_shop_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ShopError)  # noqa: S101 - registered for this class only
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", path=request.url.path, error=type(error).__name__)
    return problem_response(problem_of(error), error.headers())


async def _on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return problem_response(problem_of(UnreadableBodyError()))
    errors = [
        {"location": [str(part) for part in item["loc"]], "message": item["msg"]}
        for item in error.errors()
    ]
    return problem_response(
        Problem(
            type="urn:fashion-store:problem:invalid-request",
            title="Unprocessable content",
            status=422,
            detail=f"{len(errors)} part(s) of the request are not valid.",
            errors=errors,
        )
    )


async def _on_invalid_text(_: Request, __: Exception) -> JSONResponse:
    return problem_response(problem_of(InvalidTextError()))


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed_methods(request)
    phrase = HTTPStatus(error.status_code).phrase
    return problem_response(
        Problem(
            type=f"urn:fashion-store:problem:{phrase.lower().replace(' ', '-')}",
            title=phrase,
            status=error.status_code,
            detail=str(error.detail),
        ),
        headers,
    )


def _allowed_methods(request: Request) -> str:
    # A path has one route for each method; Starlette names only the first one's.
    path = getattr(request.scope.get("route"), "path", request.url.path)
    return ", ".join(sorted(name.upper() for name in request.app.openapi()["paths"].get(path, ())))


async def answer_crash(request: Request, error: Exception) -> JSONResponse:
    """Log the crash and return an answer that says nothing of it."""
    log.error("request_crashed", path=request.url.path, exc_info=error)
    return problem_response(
        Problem(
            type="urn:fashion-store:problem:internal-error",
            title=ShopError.title,
            status=500,
            detail="Something went wrong on our side.",
        )
    )
