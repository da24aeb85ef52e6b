"""Giving back what reservations keep: when it is asked for, and when their time is over."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.models import MovementReason, ReservationStatus
from storefront.purchases.reservations_repository import ReservationRepository
from storefront.purchases.rules import Kept
from storefront.stock.repository import Movement, StockRepository


def release_expired(session: Session, now: datetime, limit: int) -> int:
    """Give back what so many expired reservations still keep; return how many there were."""
    reservations = ReservationRepository(session)
    kept = reservations.read(reservations.expired(now, limit))
    StockRepository(session).lock(units_of(kept.values()))
    return len(release(session, kept, now))


def release_expired_with(
    session: Session, product_ids: Collection[int], now: datetime
) -> Mapping[int, int]:
    """Give back the units of expired reservations that keep one of the locked products.

    Return how many came back of each product. Other products of theirs are locked out of turn; who
    meets in a deadlock for that begins anew.
    """
    reservations = ReservationRepository(session)
    kept = reservations.read(reservations.expired_with(product_ids, now))
    StockRepository(session).lock(units_of(kept.values()).keys() - set(product_ids))
    return units_of(release(session, kept, now))


def expired_units(
    session: Session, product_ids: Collection[int], now: datetime
) -> Mapping[int, int]:
    """Return how many units of the products expired reservations still keep."""
    reservations = ReservationRepository(session)
    return units_of(reservations.read(reservations.expired_with(product_ids, now)).values())


def release(session: Session, kept: Mapping[str, Kept], now: datetime) -> Collection[Kept]:
    """Give back what is still held of the reservations, whose products the caller has locked."""
    reservations = ReservationRepository(session)
    locked = reservations.lock(kept).values()
    held = [one for one in locked if one.status == ReservationStatus.HELD]
    if held:
        reservations.mark([one.id for one in held], ReservationStatus.RELEASED)
        movements = [
            Movement(line.product_id, line.quantity, MovementReason.RELEASE)
            for one in held
            for line in one.lines
        ]
        StockRepository(session).move(movements, now)
    return held


def units_of(kept: Iterable[Kept]) -> Mapping[int, int]:
    """Return how many units of each product the reservations keep."""
    units: Counter[int] = Counter()
    for one in kept:
        units.update({line.product_id: line.quantity for line in one.lines})
    return units
