"""POST /checkout, GET and DELETE /checkout/{reservation_id}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from fashion_kit.problems import problem_responses
from storefront.dependencies import UserDep
from storefront.purchases.checkout import CheckoutDesk
from storefront.purchases.schemas import CheckoutRequest, CheckoutView

router = APIRouter(prefix="/checkout", tags=["purchases"])

DeskDep = Annotated[CheckoutDesk, Depends()]
ReservationId = Annotated[str, Path(max_length=64, description="The checkout's id.")]


@router.post("", status_code=201, responses=problem_responses(400, 401, 403, 404, 409, 422, 503))
def open_checkout(request: CheckoutRequest, user: UserDep, desk: DeskDep) -> CheckoutView:
    """Keep these lines, or what is in the bearer's cart, at the prices of now: all or nothing.

    `POST /purchases` with the id as `reservation_id` buys them, until `expires_at`. A user has one
    checkout at a time: a new one gives back what the one before kept.
    """
    return desk.run(user, lambda checkout: checkout.open(request))


@router.get("/{reservation_id}", responses=problem_responses(401, 403, 404, 422, 503))
def get_checkout(reservation_id: ReservationId, user: UserDep, desk: DeskDep) -> CheckoutView:
    """Show one of the bearer's checkouts; another's is 404."""
    return desk.run(user, lambda checkout: checkout.show(reservation_id))


@router.delete(
    "/{reservation_id}", status_code=204, responses=problem_responses(401, 403, 404, 409, 422, 503)
)
def end_checkout(reservation_id: ReservationId, user: UserDep, desk: DeskDep) -> None:
    """Give back what a checkout keeps; again is harmless, but what was bought is 409."""
    desk.run(user, lambda checkout: checkout.give_back(reservation_id))
