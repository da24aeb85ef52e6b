"""GET /products."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from fashion_kit.paging import Cursor, Page, PageSize
from fashion_kit.problems import problem_responses
from storefront.catalogue.repository import ProductRepository
from storefront.catalogue.schemas import ProductFilter, ProductView
from storefront.catalogue.service import CatalogueService
from storefront.dependencies import SessionDep

router = APIRouter(prefix="/products", tags=["catalogue"])

ProductId = Annotated[int, Path(ge=1, lt=2**32, description="The product's id.")]


async def get_service(session: SessionDep) -> CatalogueService:
    """Return the catalogue over the request's session."""
    return CatalogueService(ProductRepository(session))


ServiceDep = Annotated[CatalogueService, Depends(get_service)]


class ProductQuery(ProductFilter):
    """Which products, and which page of them."""

    limit: PageSize = 24
    cursor: Cursor = None


@router.get("", responses=problem_responses(422, 503))
def list_products(
    service: ServiceDep, query: Annotated[ProductQuery, Query()]
) -> Page[ProductView]:
    """List the products on sale in the order of their ids, a page at a time."""
    return service.page(query.cursor, query.limit, query)


@router.get("/{product_id}", responses=problem_responses(404, 422, 503))
def get_product(product_id: ProductId, service: ServiceDep) -> ProductView:
    """Show one product; 404 if there is none or it is no longer on sale."""
    return service.get(product_id)
