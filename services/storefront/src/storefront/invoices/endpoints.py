"""GET /purchases/{purchase_id}/invoice."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse

from fashion_kit.problems import problem_responses
from storefront.dependencies import SessionDep, SettingsDep, UserDep
from storefront.invoices.page import HEADERS, page_of
from storefront.invoices.repository import InvoiceRepository
from storefront.invoices.service import InvoiceService
from storefront.payments.repository import PaymentRepository
from storefront.purchases.access import reach_of
from storefront.purchases.lifecycle_repository import LifecycleRepository
from storefront.purchases.lifecycle_service import PurchaseHistory

router = APIRouter(tags=["purchases"])


async def get_service(user: UserDep, session: SessionDep) -> InvoiceService:
    """Return the invoices that the bearer may see, over the request's session."""
    history = PurchaseHistory(LifecycleRepository(session), reach_of(user))
    return InvoiceService(history, PaymentRepository(session), InvoiceRepository(session))


@router.get(
    "/purchases/{purchase_id}/invoice",
    response_class=HTMLResponse,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_invoice(
    purchase_id: Annotated[str, Path(max_length=64)],
    service: Annotated[InvoiceService, Depends(get_service)],
    settings: SettingsDep,
) -> HTMLResponse:
    """Show a purchase's invoice as a page to read or print: one's own, or for the staff anybody's.

    The page holds its own style, asks for nothing else, and may not be framed.
    """
    return HTMLResponse(page_of(service.get(purchase_id), settings.shop_name), headers=HEADERS)
