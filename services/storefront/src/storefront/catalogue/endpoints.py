"""GET /products, GET /products/suggest, GET /products/{id}, GET /categories."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from fashion_kit.etags import IfNoneMatch
from fashion_kit.problems import problem_responses
from storefront.catalogue.caching import revalidated
from storefront.catalogue.repository import ProductRepository
from storefront.catalogue.schemas import (
    CategoryTree,
    FilterValues,
    ProductPage,
    ProductQuery,
    ProductView,
    Suggestions,
)
from storefront.catalogue.service import CatalogueService, ListService
from storefront.dependencies import SessionDep, SettingsDep
from storefront.search.refresh import LiveIndex

router = APIRouter(tags=["catalogue"])

ProductId = Annotated[int, Path(ge=1, lt=2**32, description="The product's id.")]

_NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "What the ETag in If-None-Match stands for has not changed."}
}


async def get_service(session: SessionDep) -> CatalogueService:
    """Return the catalogue over the request's session."""
    return CatalogueService(ProductRepository(session))


async def get_lists(request: Request) -> ListService:
    """Return the catalogue's lists over the index as it is now."""
    live_index: LiveIndex = request.state.live_index
    return ListService(await live_index.get())


ServiceDep = Annotated[CatalogueService, Depends(get_service)]
ListsDep = Annotated[ListService, Depends(get_lists)]


@router.get("/products", responses=problem_responses(422, 503))
async def list_products(
    request: Request,
    response: Response,
    lists: ListsDep,
    query: Annotated[ProductQuery, Query()],
) -> ProductPage:
    """List the products on sale, a page at a time, with the exact number of all there are.

    `next_cursor`, or the link with `rel="next"`, leads to the next page; it holds while products
    come and go, and only for the same `sort`.
    """
    page = lists.page(query)
    response.headers["Link"] = _links(request, page.next_cursor)
    return page


@router.get("/products/suggest", responses=problem_responses(422, 503))
async def suggest(
    lists: ListsDep,
    q: Annotated[str, Query(max_length=200, description="What has been typed so far.")],
) -> Suggestions:
    """Complete what somebody types into a search box: queries, article types and products."""
    return lists.suggest(q)


@router.get(
    "/products/{product_id}",
    response_model=ProductView,
    responses={**_NOT_MODIFIED, **problem_responses(404, 422, 503)},
)
def get_product(
    product_id: ProductId, service: ServiceDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Show one product as it is now; 404 if there is none or it is no longer on sale."""
    # Kept, but asked about each time: its price and stock must be true.
    return revalidated(service.get(product_id), if_none_match, "no-cache")


@router.get(
    "/categories",
    response_model=CategoryTree,
    responses={**_NOT_MODIFIED, **problem_responses(422, 503)},
)
async def list_categories(
    lists: ListsDep,
    settings: SettingsDep,
    gender: Annotated[FilterValues, Query()] = [],  # noqa: B006 - FastAPI copies it
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Show the tree of categories with how many products each holds, for all genders or some."""
    max_age = int(settings.catalogue_max_age.total_seconds())
    return revalidated(lists.categories(gender), if_none_match, f"public, max-age={max_age}")


def _links(request: Request, next_cursor: str | None) -> str:
    """Return the Link header's references (RFC 8288), relative, so that they pass any proxy."""
    asked = request.query_params.multi_items()
    others = [(name, value) for name, value in asked if name != "cursor"]
    links = [f'<{_reference(request, others)}>; rel="first"']
    if next_cursor is not None:
        links.append(f'<{_reference(request, [*others, ("cursor", next_cursor)])}>; rel="next"')
    return ", ".join(links)


def _reference(request: Request, parameters: list[tuple[str, str]]) -> str:
    path = request.url.path
    return f"{path}?{urlencode(parameters)}" if parameters else path
