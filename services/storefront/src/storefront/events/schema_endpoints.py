"""GET /schemas: what events look like, for websites and for whoever reads the lake."""

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel
from pydantic_core import to_json

from fashion_contracts.events import ClientEvent, Interaction
from fashion_kit.errors import NotFoundError
from fashion_kit.etags import IfNoneMatch, etag_of, matches
from fashion_kit.problems import problem_responses
from storefront.events.schemas import BadEvent, EventReceipt, SchemaLink, SchemaList

router = APIRouter(prefix="/schemas", tags=["events"])

SCHEMAS: Final[dict[tuple[str, int], type[BaseModel]]] = {
    ("client-event", 1): ClientEvent,
    ("interaction", 1): Interaction,
    ("bad-event", 1): BadEvent,
    ("event-receipt", 1): EventReceipt,
}
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MEDIA_TYPE: Final = "application/schema+json"
ETAG_LENGTH: Final = 16


class UnknownSchemaError(NotFoundError):
    """Raised when there is no such version of a schema."""

    def __init__(self) -> None:
        super().__init__("There is no such schema; GET /schemas lists them.")


@router.get("")
async def list_schemas() -> SchemaList:
    """List the schemas: what a website sends, the stream and the lake carry, and is answered."""
    links = [
        SchemaLink(name=name, version=version, url=_url(name, version)) for name, version in SCHEMAS
    ]
    return SchemaList(schemas=links)


@router.get(
    "/{name}/{version}",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}},
        304: {"description": "The version that the client already has."},
        **problem_responses(404, 422),
    },
)
async def get_schema(name: str, version: int, if_none_match: IfNoneMatch = None) -> Response:
    """Return one version of a schema as JSON Schema (2020-12), with its ETag."""
    if (name, version) not in SCHEMAS:
        raise UnknownSchemaError
    document = _document(name, version)
    headers = {"ETag": etag_of(sha256(document).hexdigest()[:ETAG_LENGTH])}
    if if_none_match is not None and matches(if_none_match, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(document, headers=headers, media_type=MEDIA_TYPE)


@cache
def _document(name: str, version: int) -> bytes:
    schema = SCHEMAS[name, version].model_json_schema()
    return to_json({"$schema": DIALECT, "$id": _url(name, version), **schema})


def _url(name: str, version: int) -> str:
    return f"/schemas/{name}/{version}"
