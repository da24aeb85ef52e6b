"""Where a purchase is placed: the service's decision, made and committed in one transaction."""

from sqlalchemy.orm import Session

from storefront.database import run_in_transaction
from storefront.dependencies import ClockDep, NewIdDep, SessionsDep, SettingsDep
from storefront.outbox.repository import OutboxRepository
from storefront.purchases.idempotency import Answer, IdempotencyRepository
from storefront.purchases.repository import PurchaseRepository
from storefront.purchases.schemas import PurchaseRequest
from storefront.purchases.service import PurchaseService


class PurchaseDesk:
    """Places purchases, each in a transaction of its own that begins anew after a deadlock."""

    def __init__(
        self, sessions: SessionsDep, settings: SettingsDep, clock: ClockDep, new_id: NewIdDep
    ) -> None:
        self._sessions = sessions
        self._attempts = settings.transaction_attempts
        self._clock = clock
        self._new_id = new_id

    def place(self, user_id: str, key: str, request: PurchaseRequest) -> Answer:
        """Return the committed answer."""

        def work(session: Session) -> Answer:
            purchases = PurchaseRepository(session)
            outbox = OutboxRepository(session)
            service = PurchaseService(
                purchases, outbox, user_id, clock=self._clock, new_id=self._new_id
            )
            return service.place_once(IdempotencyRepository(session, user_id, key), request)

        return run_in_transaction(self._sessions, work, attempts=self._attempts)
