"""What a purchase would cost now, and what would keep it from being placed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from fashion_kit.errors import ShopError
from fashion_kit.problems import problem_of
from storefront.purchases.errors import UnknownProductError
from storefront.purchases.pricing import Tariff
from storefront.purchases.reservations import expired_units
from storefront.purchases.rules import Allocator, SaleLine, Wanted, Wish
from storefront.purchases.schemas import QuoteLineView, QuoteView
from storefront.purchases.snapshot import look_at


def quote(session: Session, wish: Wish, tariff: Tariff, now: datetime) -> QuoteView:
    """Return what the wish would cost; nothing is locked, written or kept."""
    snapshot = look_at(session, wish, now)
    allocator = Allocator(snapshot, tariff, expired_units(session, snapshot.offers, now))
    if wish.reservation_id is not None:
        sale = allocator.grant(wish)
        lines = [_line_view(line, line) for line in sale.lines]
    else:
        judged = [(one, allocator.objections(one)) for one in allocator.wanted(wish)]
        on_sale = [one for one, problems in judged if not _is_unknown(problems)]
        if not on_sale:
            raise UnknownProductError(judged[0][0].product_id)
        sale = allocator.priced(on_sale)
        priced = {line.product_id: line for line in sale.lines}
        lines = [_line_view(one, priced.get(one.product_id), *found) for one, found in judged]
    return QuoteView(**sale.charge._asdict(), currency=sale.currency, lines=lines)


def _is_unknown(problems: Sequence[ShopError]) -> bool:
    return any(isinstance(problem, UnknownProductError) for problem in problems)


def _line_view(
    wanted: Wanted | SaleLine, priced: SaleLine | None, *problems: ShopError
) -> QuoteLineView:
    return QuoteLineView(
        product_id=wanted.product_id,
        quantity=wanted.quantity,
        unit_price=priced and priced.unit_price,
        line_total=priced and priced.line_total,
        problems=[problem_of(problem) for problem in problems],
    )
