"""What several wishes are about, read and locked in one order so that they never deadlock."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.tokens import Identity
from storefront.dependencies import UnknownUserError, check_shopper
from storefront.purchases.repository import PurchaseRepository
from storefront.purchases.reservations_repository import ReservationRepository
from storefront.purchases.rules import Offer, Snapshot, Wish
from storefront.stock.repository import StockRepository


def lock_buyers(
    session: Session, buyers: Collection[Identity], clock: Clock, *, is_shared: bool = True
) -> Collection[str]:
    """Return the ids of those whose accounts are alive, and let none be erased until the commit.

    A lock that is not shared also keeps the buyer's other purchases and checkouts waiting.
    """
    if not buyers:
        return ()
    user_ids = {buyer.user_id for buyer in buyers}
    alive = PurchaseRepository(session).lock_users(user_ids, is_shared=is_shared)
    for buyer in buyers:
        if buyer.user_id not in alive:
            with suppress(UnknownUserError):
                check_shopper(session, buyer, clock)
                alive.add(buyer.user_id)
    return alive


def lock_for(
    session: Session, wishes: Collection[Wish], now: datetime, also: Collection[int] = ()
) -> Snapshot:
    """Return what the wishes are about, locked until the commit, and lock `also` these products.

    Everybody locks users, then carts, then products, then reservations, each in the order of their
    ids. What a reservation keeps never changes, so it can be read before it is locked.
    """
    return _snapshot(session, wishes, now, also, is_locking=True)


def look_at(session: Session, wish: Wish, now: datetime) -> Snapshot:
    """Return what the wish is about, as it is at this moment."""
    return _snapshot(session, [wish], now, is_locking=False)


def _snapshot(
    session: Session,
    wishes: Collection[Wish],
    now: datetime,
    also: Collection[int] = (),
    *,
    is_locking: bool,
) -> Snapshot:
    purchases, stock = PurchaseRepository(session), StockRepository(session)
    reservations = ReservationRepository(session)
    kept = reservations.read({wish.reservation_id for wish in wishes if wish.reservation_id})
    cart_ids = {wish.cart_id for wish in wishes if wish.cart_id}
    cart_ids |= {one.cart_id for one in kept.values() if one.cart_id}
    carts = purchases.read_carts(cart_ids, is_locking=is_locking)
    product_ids = {one.product_id for wish in wishes for one in wish.wanted}
    product_ids |= {one.product_id for cart in carts.values() for one in cart.wanted}
    product_ids |= {line.product_id for one in kept.values() for line in one.lines}
    product_ids |= set(also)
    if not product_ids:
        return Snapshot(now, {}, carts, kept)
    rows = stock.lock(product_ids) if is_locking else stock.read(product_ids)
    return Snapshot(
        now,
        {row.id: Offer(row.price, row.currency, row.stock, row.is_active) for row in rows.values()},
        carts,
        reservations.lock(kept) if is_locking else kept,
    )
