"""POST /purchases/{id}/cancel, /ship, /deliver, /refund; transitions; the lists of purchases."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from fashion_kit.paging import Cursor, Page, PageSize
from fashion_kit.problems import problem_responses
from storefront.dependencies import AdminDep, Role, SessionDep, StaffDep, UserDep
from storefront.models import PurchaseStatus
from storefront.payments.dependencies import ThreadsDep
from storefront.purchases.access import reach_of
from storefront.purchases.lifecycle_desk import LifecycleDesk
from storefront.purchases.lifecycle_repository import LifecycleRepository, PurchaseFilter
from storefront.purchases.lifecycle_schemas import StaffPurchaseView, TransitionView
from storefront.purchases.lifecycle_service import PurchaseHistory
from storefront.purchases.schemas import PurchaseView

router = APIRouter(tags=["purchases"])

PurchaseId = Annotated[str, Path(max_length=64)]
StatusFilter = Annotated[PurchaseStatus | None, Query(description="Only those in this state.")]
DeskDep = Annotated[LifecycleDesk, Depends()]

MOVE_PROBLEMS = problem_responses(401, 403, 404, 409, 422, 503)


async def get_history(user: UserDep, session: SessionDep) -> PurchaseHistory:
    """Return the purchases that the bearer may see, over the request's session."""
    return PurchaseHistory(LifecycleRepository(session), reach_of(user))


async def get_own_history(user: UserDep, session: SessionDep) -> PurchaseHistory:
    """Return the bearer's own purchases, over the request's session."""
    return PurchaseHistory(LifecycleRepository(session), user.user_id)


HistoryDep = Annotated[PurchaseHistory, Depends(get_history)]


@router.post("/purchases/{purchase_id}/cancel", responses=MOVE_PROBLEMS)
async def cancel_purchase(
    purchase_id: PurchaseId, user: UserDep, desk: DeskDep, threads: ThreadsDep
) -> PurchaseView:
    """Cancel a purchase that is not shipped yet: the buyer, or an admin.

    Its units go back into stock and what was paid goes back to the buyer. Where it is cancelled
    already it is answered the same; from any other state it is 409 with `purchase_status`.
    """
    buyer_id = reach_of(user, all_for={Role.ADMIN})
    return await threads.run(
        lambda: desk.move(
            purchase_id, PurchaseStatus.CANCELLED, actor_id=user.user_id, buyer_id=buyer_id
        )
    )


@router.post("/purchases/{purchase_id}/ship", responses=MOVE_PROBLEMS)
def ship_purchase(purchase_id: PurchaseId, staff: StaffDep, desk: DeskDep) -> PurchaseView:
    """Note that a paid purchase left the house; for the staff. From another state it is 409."""
    return desk.move(purchase_id, PurchaseStatus.SHIPPED, actor_id=staff.user_id)


@router.post("/purchases/{purchase_id}/deliver", responses=MOVE_PROBLEMS)
def deliver_purchase(purchase_id: PurchaseId, staff: StaffDep, desk: DeskDep) -> PurchaseView:
    """Note that a shipped purchase arrived; for the staff. From another state it is 409."""
    return desk.move(purchase_id, PurchaseStatus.DELIVERED, actor_id=staff.user_id)


@router.post("/purchases/{purchase_id}/refund", responses=MOVE_PROBLEMS)
async def refund_purchase(
    purchase_id: PurchaseId, admin: AdminDep, desk: DeskDep, threads: ThreadsDep
) -> PurchaseView:
    """Take a paid purchase back, shipped or not, and give its money back; for admins.

    Its units go back into stock. From a state in which nothing was paid it is 409.
    """
    return await threads.run(
        lambda: desk.move(purchase_id, PurchaseStatus.REFUNDED, actor_id=admin.user_id)
    )


@router.get(
    "/purchases/{purchase_id}/transitions", responses=problem_responses(401, 403, 404, 422, 503)
)
def list_transitions(purchase_id: PurchaseId, history: HistoryDep) -> list[TransitionView]:
    """List the states a purchase was in, from the first: one's own, or for the staff anybody's."""
    return history.transitions(purchase_id)


@router.get("/purchases", responses=problem_responses(401, 403, 422, 503))
def list_purchases(
    history: Annotated[PurchaseHistory, Depends(get_own_history)],
    status: StatusFilter = None,
    limit: PageSize = 24,
    cursor: Cursor = None,
) -> Page[PurchaseView]:
    """List the bearer's purchases, newest first, a page at a time."""
    return history.page(PurchaseFilter(status=status), cursor, limit, PurchaseView.model_validate)


@router.get("/admin/purchases", responses=problem_responses(401, 403, 422, 503))
def list_all_purchases(
    staff: StaffDep,
    session: SessionDep,
    status: StatusFilter = None,
    user_id: Annotated[str | None, Query(max_length=64, description="Only this buyer's.")] = None,
    limit: PageSize = 24,
    cursor: Cursor = None,
) -> Page[StaffPurchaseView]:
    """List everybody's purchases, newest first, a page at a time; for the staff."""
    history = PurchaseHistory(LifecycleRepository(session), reach_of(staff))
    wanted = PurchaseFilter(user_id, status)
    return history.page(wanted, cursor, limit, StaffPurchaseView.model_validate)
