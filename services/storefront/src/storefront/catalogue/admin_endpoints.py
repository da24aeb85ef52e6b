"""/admin/products: the shop's people add, change, restock and retire what the shop sells."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from fashion_kit.etags import IfMatch
from fashion_kit.paging import Cursor, Page, PageSize
from fashion_kit.problems import problem_responses
from storefront.catalogue.admin_repository import AdminProductRepository
from storefront.catalogue.admin_schemas import (
    KeptProduct,
    NewProduct,
    ProductChangeView,
    ProductPatch,
    Restock,
)
from storefront.catalogue.admin_service import AdminProductService, etag
from storefront.catalogue.endpoints import ProductId
from storefront.dependencies import AdminDep, ClockDep, SessionDep, SettingsDep
from storefront.purchases.endpoints import REPLAYED, get_idempotency_key
from storefront.purchases.idempotency import IdempotencyRepository
from storefront.stock.repository import StockRepository

router = APIRouter(prefix="/admin/products", tags=["catalogue"])


async def get_service(admin: AdminDep, session: SessionDep, clock: ClockDep) -> AdminProductService:
    """Return the catalogue as this admin keeps it, over the request's session."""
    products = AdminProductRepository(session)
    return AdminProductService(products, StockRepository(session), admin.user_id, clock=clock)


async def get_keys(
    admin: AdminDep, session: SessionDep, key: Annotated[str, Depends(get_idempotency_key)]
) -> IdempotencyRepository:
    """Return the memory of the request's idempotency key."""
    return IdempotencyRepository(session, admin.user_id, key)


ServiceDep = Annotated[AdminProductService, Depends(get_service)]
KeysDep = Annotated[IdempotencyRepository, Depends(get_keys)]


@router.post("", status_code=201, responses=problem_responses(400, 401, 403, 409, 422, 503))
def add_product(
    new: NewProduct, service: ServiceDep, settings: SettingsDep, response: Response
) -> KeptProduct:
    """Put a new product on sale, with an id of your own or the next one.

    Give it an id if you may have to send it again: the second time is 409.
    """
    product = service.add(new, settings.currency)
    response.headers["Location"] = f"{router.prefix}/{product.id}"
    return _tagged(product, response)


@router.get("/{product_id}", responses=problem_responses(401, 403, 404, 422, 503))
def get_product(product_id: ProductId, service: ServiceDep, response: Response) -> KeptProduct:
    """Show a product with its stock and version, on sale or not.

    The ETag is that of what PATCH can change; stock and sales move without it.
    """
    return _tagged(service.get(product_id), response)


@router.patch("/{product_id}", responses=problem_responses(400, 401, 403, 404, 412, 422, 428, 503))
def change_product(
    product_id: ProductId,
    patch: ProductPatch,
    service: ServiceDep,
    response: Response,
    if_match: IfMatch = None,
) -> KeptProduct:
    """Change the description, the price or the picture; what is not named stays.

    Needs an `If-Match` with the product's ETag: 428 without it, 412 if somebody else was faster.
    """
    return _tagged(service.change(product_id, patch, if_match), response)


@router.post(
    "/{product_id}/restock",
    response_model=KeptProduct,
    responses=problem_responses(400, 401, 403, 404, 409, 422, 503),
)
def restock_product(
    product_id: ProductId, arrived: Restock, service: ServiceDep, keys: KeysDep
) -> Response:
    """Take units that arrived into stock.

    Needs an `Idempotency-Key`, so that a delivery is counted once however often it is sent: the
    same key with the same delivery is answered again with the same bytes.
    """
    answer = service.restock_once(keys, product_id, arrived)
    headers = {REPLAYED: "true"} if answer.is_replay else None
    return Response(answer.body, answer.status_code, headers, media_type="application/json")


@router.post("/{product_id}/retire", responses=problem_responses(401, 403, 404, 422, 503))
def retire_product(product_id: ProductId, service: ServiceDep, response: Response) -> KeptProduct:
    """Take a product off sale. What was bought of it stays in the books."""
    return _tagged(service.retire(product_id), response)


@router.post("/{product_id}/reinstate", responses=problem_responses(401, 403, 404, 422, 503))
def reinstate_product(
    product_id: ProductId, service: ServiceDep, response: Response
) -> KeptProduct:
    """Put a product that was retired on sale again."""
    return _tagged(service.reinstate(product_id), response)


@router.get("/{product_id}/changes", responses=problem_responses(401, 403, 404, 422, 503))
def list_changes(
    product_id: ProductId, service: ServiceDep, limit: PageSize = 24, cursor: Cursor = None
) -> Page[ProductChangeView]:
    """List what was done to a product and by whom, newest first, a page at a time."""
    return service.changes(product_id, cursor, limit)


def _tagged(product: KeptProduct, response: Response) -> KeptProduct:
    response.headers["ETag"] = etag(product)
    return product
