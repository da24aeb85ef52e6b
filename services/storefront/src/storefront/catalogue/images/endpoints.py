"""GET /products/{product_id}/image.svg."""

from datetime import timedelta
from hashlib import blake2b
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import RedirectResponse, Response

from fashion_kit.etags import IfNoneMatch, etag_of, matches
from fashion_kit.problems import problem_responses
from storefront.catalogue.endpoints import ProductId
from storefront.catalogue.images.repository import PicturedProductRepository
from storefront.catalogue.images.service import ImageService
from storefront.dependencies import SessionDep

router = APIRouter(prefix="/products", tags=["catalogue"])

FOREVER: Final = f"public, max-age={timedelta(days=365).total_seconds():.0f}, immutable"
FOR_NOW: Final = f"public, max-age={timedelta(hours=1).total_seconds():.0f}"
SAFETY: Final = {
    # Opened by itself an image is a page: one that may run and load nothing.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
MEDIA_TYPE: Final = "image/svg+xml"
_PICTURES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The drawing.", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
    304: {"description": "The picture that the client has still holds."},
    307: {"description": "The product has a picture of its own, over there."},
}


async def get_service(session: SessionDep) -> ImageService:
    """Return the pictures over the request's session."""
    return ImageService(PicturedProductRepository(session))


Version = Annotated[
    int | None,
    Query(ge=1, lt=2**31, description="The product's version: its picture never changes."),
]


@router.get(
    "/{product_id}/image.svg",
    response_class=Response,
    responses=_PICTURES | problem_responses(404, 422, 503),
)
def show_image(
    product_id: ProductId,
    service: Annotated[ImageService, Depends(get_service)],
    v: Version = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Show a picture of a product, on sale or not: a drawing, or the way to its own one.

    With `v`, the product's version, it may be kept for a year; otherwise for an hour.
    """
    picture = service.get(product_id)
    headers = {"Cache-Control": FOREVER if v == picture.version else FOR_NOW}
    if picture.url is not None:
        return RedirectResponse(picture.url, headers=headers)
    headers["ETag"] = etag_of(blake2b(picture.drawing.encode(), digest_size=8).hexdigest())
    if if_none_match is not None and matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(picture.drawing, headers=headers | SAFETY, media_type=MEDIA_TYPE)
