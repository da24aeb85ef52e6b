"""GET and DELETE /cart, PUT and DELETE /cart/lines/{product_id}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from fashion_kit.etags import IfMatch
from fashion_kit.problems import problem_responses
from storefront.carts.desk import CartDesk, cart_service
from storefront.carts.schemas import CartView, QuantityChange
from storefront.carts.service import CartService, TaggedCart
from storefront.dependencies import ClockDep, NewIdDep, SessionDep, SettingsDep, ShopperDep

router = APIRouter(prefix="/cart", tags=["cart"])

ProductId = Annotated[int, Path(ge=1, lt=2**32, description="The product's id.")]
DeskDep = Annotated[CartDesk, Depends()]


async def get_service(
    session: SessionDep,
    shopper: ShopperDep,
    settings: SettingsDep,
    clock: ClockDep,
    new_id: NewIdDep,
) -> CartService:
    """Return the bearer's cart over the request's session."""
    return cart_service(session, shopper, currency=settings.currency, clock=clock, new_id=new_id)


@router.get("", responses=problem_responses(401, 503))
def get_cart(service: Annotated[CartService, Depends(get_service)], response: Response) -> CartView:
    """Show the bearer's cart, a user's or a guest's, and what has changed for its lines.

    The `ETag` stands for the lines as the shopper put them, for `If-Match` on a change. Prices and
    stock are those of this moment and never part of it, so the answer is not for caches.
    """
    return _shown(service.show(), response)


@router.delete("", status_code=204, responses=problem_responses(401, 412, 422, 503))
def empty_cart(desk: DeskDep, response: Response, if_match: IfMatch = None) -> None:
    """Take everything out of the bearer's cart; `ETag` is then the cart's."""
    response.headers["ETag"] = desk.change(lambda cart: cart.empty(if_match))


@router.put("/lines/{product_id}", responses=problem_responses(401, 404, 412, 422, 503))
def put_line(
    product_id: ProductId,
    change: QuantityChange,
    desk: DeskDep,
    response: Response,
    if_match: IfMatch = None,
) -> CartView:
    """Set how many of a product the bearer's cart holds; the line takes the price of now.

    Changes of several lines at once never undo one another. With `If-Match` the change is refused
    as 412 if any line has changed since that `ETag` was read.
    """
    return _shown(
        desk.change(lambda cart: cart.put(product_id, change.quantity, if_match)), response
    )


@router.delete(
    "/lines/{product_id}", status_code=204, responses=problem_responses(401, 412, 422, 503)
)
def delete_line(
    product_id: ProductId, desk: DeskDep, response: Response, if_match: IfMatch = None
) -> None:
    """Take a product out of the bearer's cart, if it is in it; `ETag` is then the cart's."""
    response.headers["ETag"] = desk.change(lambda cart: cart.remove(product_id, if_match))


def _shown(cart: TaggedCart, response: Response) -> CartView:
    response.headers["ETag"] = cart.etag
    response.headers["Cache-Control"] = "no-store"
    return cart.view
