"""Where carts are changed: the service's decision, made and committed in one transaction."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from fashion_kit.tokens import Identity
from storefront.carts.repository import CartRepository
from storefront.carts.service import CartService
from storefront.database import run_in_transaction
from storefront.dependencies import (
    ClockDep,
    IdentityDep,
    NewIdDep,
    Role,
    SessionsDep,
    SettingsDep,
    check_shopper,
)

Result = TypeVar("Result")


class CartDesk:
    """Changes one shopper's cart, each time in a transaction that begins anew after a deadlock."""

    def __init__(
        self,
        sessions: SessionsDep,
        identity: IdentityDep,
        settings: SettingsDep,
        clock: ClockDep,
        new_id: NewIdDep,
    ) -> None:
        self._sessions = sessions
        self._identity = identity
        self._settings = settings
        self._clock = clock
        self._new_id = new_id

    def change(self, decide: Callable[[CartService], Result]) -> Result:
        """Return what the decision returns, committed."""

        def work(session: Session) -> Result:
            check_shopper(session, self._identity, self._clock, is_locked=True)
            service = cart_service(
                session,
                self._identity,
                currency=self._settings.currency,
                clock=self._clock,
                new_id=self._new_id,
            )
            return decide(service)

        return run_in_transaction(
            self._sessions, work, attempts=self._settings.transaction_attempts
        )


def cart_service(
    session: Session, shopper: Identity, *, currency: str, clock: Clock, new_id: IdFactory
) -> CartService:
    """Return the shopper's cart over the session."""
    is_guest = shopper.role == Role.ANONYMOUS
    owner = {"anonymous_id" if is_guest else "user_id": shopper.user_id}
    carts = CartRepository(session, **owner)
    return CartService(carts, currency=currency, clock=clock, new_id=new_id)
