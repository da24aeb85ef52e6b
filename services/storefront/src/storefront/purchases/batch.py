"""One transaction for many purchases: each is decided in its turn, all are committed together."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from storefront.models import MovementReason, ReservationStatus
from storefront.outbox.repository import OutboxRepository
from storefront.purchases.answers import AnswerRepository
from storefront.purchases.orders import Decisions, Order, Outcome, Terms, decide, events_of
from storefront.purchases.repository import PurchaseRepository
from storefront.purchases.reservations import release_expired_with
from storefront.purchases.reservations_repository import ReservationRepository
from storefront.purchases.rules import Allocator, Placed
from storefront.purchases.snapshot import lock_buyers, lock_for
from storefront.stock.repository import Movement, StockRepository


class PurchaseBatch:
    """Places orders within the caller's transaction."""

    def __init__(self, session: Session, terms: Terms) -> None:
        self._session = session
        self._terms = terms
        self._now = terms.clock()

    def place(self, orders: Sequence[Order]) -> list[Outcome]:
        """Return each order's outcome, which holds once the caller has committed."""
        since = self._now - self._terms.key_lifetime
        answers = AnswerRepository(self._session)
        given = answers.recall({order.key for order in orders}, since)
        new = [order for order in orders if order.key not in given]
        buyers = lock_buyers(self._session, {order.buyer for order in new}, self._terms.clock)
        snapshot = lock_for(self._session, [order.wish for order in new], self._now)

        def decided(freed: Mapping[int, int] | None = None) -> Decisions:
            allocator = Allocator(snapshot, self._terms.tariff, freed or {})
            return decide(orders, given, buyers, allocator, self._terms.new_id)

        decisions = decided()
        refused = {orders[at].key for at in decisions.refused}
        # Another process may have sold the last units to this very request while we waited for
        # them. Its answer can be seen now, and the same key must get the same one.
        if refused and (answered := answers.recall(refused, since)):
            given |= answered
            decisions = decided()
        # What a shopper left lying at the checkout must not keep others from buying.
        if decisions.is_short and (
            freed := release_expired_with(self._session, snapshot.offers, self._now)
        ):
            decisions = decided(freed)
        if decisions.placed:
            self._write(decisions)
        return decisions.outcomes

    def _write(self, decisions: Decisions) -> None:
        # The keys come first: where another process has just used one, nothing was done in vain.
        AnswerRepository(self._session).keep(decisions.answers, self._now)
        purchases = PurchaseRepository(self._session)
        purchases.add(decisions.placed, self._now)
        movements = [one for placed in decisions.placed for one in movements_of(placed)]
        StockRepository(self._session).move(movements, self._now)
        OutboxRepository(self._session).add(
            [
                event
                for placed in decisions.placed
                for event in events_of(placed, self._now, self._terms.new_id)
            ]
        )
        sales = [placed.sale for placed in decisions.placed]
        # Only what was bought: somebody may have put more into the cart since the checkout.
        purchases.take_out_of_carts(
            [
                (sale.cart_id, line.product_id)
                for sale in sales
                if sale.cart_id
                for line in sale.lines
            ],
            self._now,
        )
        ReservationRepository(self._session).mark(
            [sale.reservation_id for sale in sales if sale.reservation_id], ReservationStatus.USED
        )


def movements_of(placed: Placed) -> list[Movement]:
    """Return how the purchase moves the stock: what was kept for it comes back first."""
    movements = []
    for product_id, quantity, *_ in placed.sale.lines:
        if placed.sale.reservation_id is not None:
            movements.append(Movement(product_id, quantity, MovementReason.RELEASE, placed.id))
        movements.append(Movement(product_id, -quantity, MovementReason.PURCHASE, placed.id))
    return movements
