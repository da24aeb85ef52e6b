"""Answers that a browser keeps, and asks about again by their entity tags."""

from hashlib import blake2b

from fastapi import Response
from pydantic import BaseModel

from fashion_kit.etags import etag_of, matches

_DIGEST_BYTES = 12


def revalidated(view: BaseModel, if_none_match: str | None, cache_control: str) -> Response:
    """Return the view, or 304 if the one who asks has it.

    Its tag is taken from the very bytes that are shown, so whatever changes them changes it.
    """
    body = view.model_dump_json().encode()
    etag = etag_of(blake2b(body, digest_size=_DIGEST_BYTES).hexdigest())
    headers = {"ETag": etag, "Cache-Control": cache_control}
    if if_none_match is not None and matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
