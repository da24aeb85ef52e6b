"""Checkouts: units kept for a while, at the prices of the moment, for somebody about to pay."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from fashion_kit.tokens import Identity
from storefront.database import run_in_transaction
from storefront.dependencies import ClockDep, NewIdDep, SessionsDep, SettingsDep, UnknownUserError
from storefront.models import MovementReason, ReservationStatus
from storefront.purchases.errors import (
    CheckoutDisabledError,
    OutOfStockError,
    ReservationNotFoundError,
    ReservationUsedError,
)
from storefront.purchases.pricing import Tariff
from storefront.purchases.reservations import release, release_expired_with, units_of
from storefront.purchases.reservations_repository import ReservationRepository
from storefront.purchases.rules import Allocator, Kept, PricedLine, Sale, Snapshot, Wish
from storefront.purchases.schemas import CheckoutRequest, CheckoutView
from storefront.purchases.snapshot import lock_buyers, lock_for, look_at
from storefront.settings import PurchaseSettings
from storefront.stock.repository import Movement, StockRepository

_NO_TIME: Final = timedelta(0)

Result = TypeVar("Result")


class CheckoutService:
    """Keeps units for one user, and gives them back. The caller owns the transaction."""

    def __init__(
        self,
        session: Session,
        user_id: str,
        settings: PurchaseSettings,
        *,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._session = session
        self._reservations = ReservationRepository(session)
        self._user_id = user_id
        self._lifetime = settings.reservation_lifetime
        self._tariff = Tariff.of(settings)
        self._now = clock()
        self._new_id = new_id

    def open(self, request: CheckoutRequest) -> CheckoutView:
        """Keep all of it or nothing; what the user held before is given back."""
        if self._lifetime <= _NO_TIME:
            raise CheckoutDisabledError
        wish = Wish.of(self._user_id, request)
        older = self._reservations.read(self._reservations.held_by(self._user_id))
        snapshot = lock_for(self._session, [wish], self._now, also=units_of(older.values()))
        freed = Counter(units_of(release(self._session, older, self._now)))
        try:
            sale = Allocator(snapshot, self._tariff, freed).grant(wish)
        except OutOfStockError:
            freed.update(release_expired_with(self._session, snapshot.offers, self._now))
            sale = Allocator(snapshot, self._tariff, freed).grant(wish)
        return _view(self._keep(sale), sale)

    def show(self, reservation_id: str) -> CheckoutView:
        """Return the checkout; raise ReservationNotFoundError if it is not the user's."""
        snapshot = look_at(self._session, self._wish_for(reservation_id), self._now)
        kept = self._own(snapshot, reservation_id)
        if kept.status == ReservationStatus.HELD and not kept.is_held(self._now):
            kept = kept._replace(status=ReservationStatus.RELEASED)
        return _view(kept, Allocator(snapshot, self._tariff).sale(kept.lines, kept.cart_id))

    def give_back(self, reservation_id: str) -> None:
        """End the checkout; nothing happens if that was done before, or its time is over."""
        snapshot = lock_for(self._session, [self._wish_for(reservation_id)], self._now)
        kept = self._own(snapshot, reservation_id)
        if kept.status == ReservationStatus.USED:
            raise ReservationUsedError(reservation_id)
        release(self._session, {kept.id: kept}, self._now)

    def _keep(self, sale: Sale) -> Kept:
        lines = [PricedLine(*line[:3]) for line in sale.lines]
        expires_at = self._now + self._lifetime
        status = ReservationStatus.HELD
        kept = Kept(self._new_id(), self._user_id, sale.cart_id, status, expires_at, lines)
        self._reservations.add(kept, self._now)
        movements = [
            Movement(line.product_id, -line.quantity, MovementReason.RESERVATION) for line in lines
        ]
        StockRepository(self._session).move(movements, self._now)
        return kept

    def _wish_for(self, reservation_id: str) -> Wish:
        return Wish(self._user_id, reservation_id=reservation_id)

    def _own(self, snapshot: Snapshot, reservation_id: str) -> Kept:
        kept = snapshot.reservations.get(reservation_id)
        if kept is None or kept.user_id != self._user_id:
            raise ReservationNotFoundError(reservation_id)
        return kept


class CheckoutDesk:
    """Runs the work of a checkout in a transaction that begins anew after a deadlock."""

    def __init__(
        self, sessions: SessionsDep, settings: SettingsDep, clock: ClockDep, new_id: NewIdDep
    ) -> None:
        self._sessions = sessions
        self._settings = settings
        self._clock = clock
        self._new_id = new_id

    def run(self, buyer: Identity, work: Callable[[CheckoutService], Result]) -> Result:
        """Return what the work returns, committed; raise UnknownUserError for a dead account."""

        def in_turn(session: Session) -> Result:
            # One checkout of a user at a time, so that two at once do not hold twice as much.
            if not lock_buyers(session, [buyer], self._clock, is_shared=False):
                raise UnknownUserError
            return work(
                CheckoutService(
                    session,
                    buyer.user_id,
                    self._settings,
                    clock=self._clock,
                    new_id=self._new_id,
                )
            )

        return run_in_transaction(
            self._sessions, in_turn, attempts=self._settings.transaction_attempts
        )


def _view(kept: Kept, sale: Sale) -> CheckoutView:
    return CheckoutView(
        **sale.charge._asdict(),
        currency=sale.currency,
        id=kept.id,
        status=kept.status,
        expires_at=kept.expires_at,
        lines=[line._asdict() for line in sale.lines],
    )
