"""Where a purchase is moved on: one transaction, and then the money that it says goes back."""

from sqlalchemy.orm import Session

from storefront.database import run_in_transaction
from storefront.dependencies import ClockDep, NewIdDep, SessionsDep, SettingsDep
from storefront.models import PurchaseStatus
from storefront.outbox.repository import OutboxRepository
from storefront.payments.dependencies import ProviderDep
from storefront.payments.refunds import complete_refunds
from storefront.payments.repository import PaymentRepository
from storefront.purchases.lifecycle import UNDONE
from storefront.purchases.lifecycle_repository import LifecycleRepository
from storefront.purchases.lifecycle_service import LifecycleService
from storefront.purchases.schemas import PurchaseView
from storefront.stock.repository import StockRepository


class LifecycleDesk:
    """Moves purchases, each move in a transaction of its own that begins anew after a deadlock."""

    def __init__(
        self,
        sessions: SessionsDep,
        settings: SettingsDep,
        clock: ClockDep,
        new_id: NewIdDep,
        provider: ProviderDep,
    ) -> None:
        self._sessions = sessions
        self._attempts = settings.transaction_attempts
        self._clock = clock
        self._new_id = new_id
        self._provider = provider

    def move(
        self,
        purchase_id: str,
        target: PurchaseStatus,
        *,
        actor_id: str,
        buyer_id: str | None = None,
    ) -> PurchaseView:
        """Return the purchase as it is after the move, committed."""

        def work(session: Session) -> PurchaseView:
            service = self._service(session)
            purchase = service.lock(purchase_id, buyer_id)
            service.move(purchase, target, actor_id)
            return PurchaseView.model_validate(purchase)

        view = run_in_transaction(self._sessions, work, attempts=self._attempts)
        if target in UNDONE:
            # A move that comes again completes what the one before could not.
            complete_refunds(
                self._sessions,
                self._provider,
                clock=self._clock,
                attempts=self._attempts,
                purchase_id=purchase_id,
            )
        return view

    def _service(self, session: Session) -> LifecycleService:
        return LifecycleService(
            LifecycleRepository(session),
            PaymentRepository(session),
            StockRepository(session),
            OutboxRepository(session),
            clock=self._clock,
            new_id=self._new_id,
        )
