"""GET /cart, PUT and DELETE /cart/lines/{product_id}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from fashion_kit.problems import problem_responses
from storefront.carts.repository import CartRepository
from storefront.carts.schemas import CartView, QuantityChange
from storefront.carts.service import CartService
from storefront.catalogue.repository import ProductRepository
from storefront.dependencies import ClockDep, IdentityDep, NewIdDep, SessionDep

router = APIRouter(prefix="/cart", tags=["cart"])

ProductId = Annotated[int, Path(ge=1, lt=2**32, description="The product's id.")]


async def get_service(
    session: SessionDep, identity: IdentityDep, clock: ClockDep, new_id: NewIdDep
) -> CartService:
    """Return the bearer's cart over the request's session."""
    carts = CartRepository(session, identity.user_id)
    return CartService(carts, ProductRepository(session), clock=clock, new_id=new_id)


ServiceDep = Annotated[CartService, Depends(get_service)]


@router.get("", responses=problem_responses(401, 503))
def get_cart(service: ServiceDep) -> CartView:
    """Show the bearer's cart, with the prices shown when lines were put and those of now."""
    return service.show()


@router.put("/lines/{product_id}", responses=problem_responses(400, 401, 404, 422, 503))
def put_line(product_id: ProductId, change: QuantityChange, service: ServiceDep) -> CartView:
    """Set how many of a product the bearer's cart holds; the line takes the price of now."""
    return service.put(product_id, change.quantity)


@router.delete("/lines/{product_id}", status_code=204, responses=problem_responses(401, 422, 503))
def delete_line(product_id: ProductId, service: ServiceDep) -> None:
    """Take a product out of the bearer's cart; nothing happens if it is not in it."""
    service.remove(product_id)
