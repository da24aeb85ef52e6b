"""The reservations' statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from storefront.models import Reservation, ReservationLine, ReservationStatus
from storefront.purchases.rules import Kept, PricedLine


class ReservationRepository:
    """Reads, adds and ends reservations within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, reservation_ids: Collection[str]) -> dict[str, Kept]:
        """Return the reservations with what they keep, in the order of their ids."""
        if not reservation_ids:
            return {}
        lines: dict[str, list[PricedLine]] = {}
        kept = select(
            ReservationLine.reservation_id,
            ReservationLine.product_id,
            ReservationLine.quantity,
            ReservationLine.unit_price,
        ).where(ReservationLine.reservation_id.in_(reservation_ids))
        kept = kept.order_by(ReservationLine.reservation_id, ReservationLine.product_id)
        for row in self._session.execute(kept):
            line = PricedLine(row.product_id, row.quantity, row.unit_price)
            lines.setdefault(row.reservation_id, []).append(line)
        rows = select(
            Reservation.id,
            Reservation.user_id,
            Reservation.cart_id,
            Reservation.status,
            Reservation.expires_at,
        ).where(Reservation.id.in_(reservation_ids))
        return {
            row.id: Kept(*row, lines=lines[row.id])
            for row in self._session.execute(rows.order_by(Reservation.id))
        }

    def lock(self, kept: Mapping[str, Kept]) -> dict[str, Kept]:
        """Return the reservations as they stand now, locked in the order of their ids."""
        if not kept:
            return {}
        statement = (
            select(Reservation.id, Reservation.status)
            .where(Reservation.id.in_(kept))
            .order_by(Reservation.id)
            .with_for_update()
        )
        rows = self._session.execute(statement)
        return {row.id: kept[row.id]._replace(status=row.status) for row in rows}

    def held_by(self, user_id: str) -> Sequence[str]:
        """Return the ids of what is held for the user."""
        statement = select(Reservation.id).where(
            Reservation.user_id == user_id, Reservation.status == ReservationStatus.HELD
        )
        return self._session.scalars(statement).all()

    def expired(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the ids of what is still held although its time is over, the oldest first."""
        statement = (
            select(Reservation.id)
            .where(Reservation.status == ReservationStatus.HELD, Reservation.expires_at <= now)
            .order_by(Reservation.expires_at)
            .limit(limit)
        )
        return self._session.scalars(statement).all()

    def expired_with(self, product_ids: Collection[int], now: datetime) -> Sequence[str]:
        """Return the ids of what still holds one of the products although its time is over."""
        statement = (
            select(Reservation.id)
            .join(ReservationLine, ReservationLine.reservation_id == Reservation.id)
            .where(
                Reservation.status == ReservationStatus.HELD,
                Reservation.expires_at <= now,
                ReservationLine.product_id.in_(product_ids),
            )
            .distinct()
        )
        return self._session.scalars(statement).all()

    def add(self, kept: Kept, created_at: datetime) -> None:
        """Write the reservation and its lines."""
        values = kept._asdict()
        lines = values.pop("lines")
        self._session.execute(insert(Reservation).values(**values, created_at=created_at))
        self._session.execute(
            insert(ReservationLine),
            [line._asdict() | {"reservation_id": kept.id} for line in lines],
        )

    def mark(self, reservation_ids: Collection[str], status: ReservationStatus) -> None:
        """Note how the reservations, which the caller has locked, stand from now on."""
        if not reservation_ids:
            return
        self._session.execute(
            update(Reservation)
            .where(Reservation.id.in_(reservation_ids))
            .values(status=status)
            .execution_options(synchronize_session=False)
        )
