"""How a person buys: firmly, once, and reasonable when the shop says no."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from loadtest.pace import Pace
from loadtest.reports import PurchaseMade, VisitReport
from loadtest.shop import Shop
from loadtest.tracker import IdFactory
from loadtest.wire import BUSY, Answer

_BUYS_WHOLE_CART = 0.75
_LARGEST_PRICE_RISE = Decimal("1.25")
_IN_FLIGHT = "request-in-flight"
_IN_FLIGHT_ATTEMPTS = 10
_IN_FLIGHT_WAIT_SECONDS = 0.5


Line = dict[str, Any]


class Checkout:
    """Buys what is in the cart. If the shop says no, the cart changes, and the next try is new."""

    def __init__(
        self,
        shop: Shop,
        report: VisitReport,
        pace: Pace,
        *,
        rng: Random,
        id_factory: IdFactory,
        patience: int,
    ) -> None:
        self._shop = shop
        self._report = report
        self._pace = pace
        self._rng = rng
        self._new_id = id_factory
        self._patience = patience

    async def buy(self, user_id: str) -> bool:
        """Buy the cart; True if the shop confirmed it."""
        buys_whole_cart = self._rng.random() < _BUYS_WHOLE_CART
        for _ in range(1 + self._patience):
            cart = await self._shop.view_cart()
            lines = [] if cart is None else _lines_of(cart)
            if cart is None or not lines:
                return False
            order = {"cart_id": cart.get("id")} if buys_whole_cart else {"lines": lines}
            answer = await self._order(order)
            if answer is None:
                return False
            if answer.status == 201:
                self._note_purchase(user_id, answer)
                await self._take_out([] if buys_whole_cart else lines)
                return True
            await self._give_way(answer, lines)
        return False

    async def _order(self, order: Mapping[str, Any]) -> Answer | None:
        """Ask under one key until the shop has decided; None if we do not learn its decision."""
        key = self._new_id()
        attempts = 0
        for _ in range(_IN_FLIGHT_ATTEMPTS):
            answer = await self._shop.purchase(order, key)
            if answer is None or answer.status in BUSY:
                break
            attempts += answer.attempts
            if answer.problem != _IN_FLIGHT:
                if attempts > 1:
                    self._report.repeated_purchases[_told_again(answer)] += 1
                return replace(answer, attempts=attempts)
            await self._pace.wait(_IN_FLIGHT_WAIT_SECONDS)
        self._report.undecided_purchases += 1
        self._report.repeated_purchases["no answer"] += 1
        return None

    async def _give_way(self, answer: Answer, lines: list[Line]) -> None:
        """Change the cart so that the shop may agree next time."""
        self._report.refusals[answer.problem] += 1
        for line in lines:
            if line["product_id"] != answer.get("product_id"):
                continue
            if _is_still_wanted(line, answer):
                quantity = min(line["quantity"], int(answer.get("left", line["quantity"])))
                await self._shop.put_in_cart(line["product_id"], quantity)
            else:
                await self._take_out([line])

    async def _take_out(self, lines: list[Line]) -> None:
        for line in lines:
            await self._shop.take_out_of_cart(line["product_id"])

    def _note_purchase(self, user_id: str, answer: Answer) -> None:
        self._report.purchases.append(
            PurchaseMade(
                id=str(answer.get("id")),
                user_id=user_id,
                total=Decimal(str(answer.get("total", 0))),
                lines=len(answer.get("lines", [])),
                attempts=answer.attempts,
            )
        )


def _lines_of(cart: Answer) -> list[Line]:
    """Return what is in the cart, at the prices the shopper was shown."""
    fields = ("product_id", "quantity", "unit_price")
    return [{field: line[field] for field in fields} for line in cart.get("lines", [])]


def _told_again(answer: Answer) -> str:
    """Return how the shop answered a purchase that was sent more than once under its key."""
    return "replayed" if answer.is_replay else "first answer"


def _is_still_wanted(line: Line, answer: Answer) -> bool:
    """Say whether the person takes fewer of it, or pays a price little higher."""
    if answer.problem == "out-of-stock":
        return int(answer.get("left", 0)) > 0
    if answer.problem == "price-changed":
        shown = Decimal(str(line["unit_price"]))
        return Decimal(str(answer.get("current_unit_price", shown))) <= shown * _LARGEST_PRICE_RISE
    return False
