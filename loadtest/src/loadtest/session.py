"""One session: what a person does around the products they look at, one act at a time.

It is pure: it speaks to no shop. Whoever performs its steps may offer it products on the way
(recommendations); it takes one when that is what it was about to look for, and may look at one more
that takes its eye.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from random import Random

from loadtest.habits import HABITS, Habits
from loadtest.personas import Tastes
from loadtest.shelf import Shelf, ShelfProduct
from loadtest.walk import Find, Walk


class StepKind(StrEnum):
    """What a person does in a shop."""

    VIEW_LIST = "view_list"
    SEARCH = "search"
    VIEW_PRODUCT = "view_product"
    VIEW_PICKS = "view_picks"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    CHECKOUT = "checkout"
    BUY = "buy"


@dataclass(frozen=True)
class Step:
    """One act, and the pause before it."""

    kind: StepKind
    think_seconds: float
    product: ShelfProduct | None = None
    quantity: int = 1
    category: str | None = None
    colour: str | None = None
    query: str | None = None
    pick_position: int | None = None
    """Where among the offered products it stood, if it was found there."""

    @property
    def product_id(self) -> int:
        """Return the id of the product; only for steps that have one."""
        if self.product is None:
            raise ValueError(f"{self.kind} is about no product")
        return self.product.id


class Session:
    """The steps of one visit, drawn from `rng` as it goes."""

    def __init__(
        self,
        tastes: Tastes,
        shelf: Shelf,
        rng: Random,
        *,
        habits: Habits = HABITS,
        may_buy: bool = True,
    ) -> None:
        self.length = habits.draw_length(rng)
        self._walk = Walk(tastes, shelf, rng, habits)
        self._tastes = tastes
        self._shelf = shelf
        self._rng = rng
        self._habits = habits
        self._may_buy = may_buy
        self._cart: dict[int, tuple[ShelfProduct, int]] = {}

    def steps(self) -> Iterator[Step]:
        """Yield what the person does: `length` products are looked at, and what takes the eye."""
        if self._happens(self._habits.look_at_home_share):
            yield from self._look_at_picks()
        find = self._walk.start()
        if find.pick_position is None:
            yield self._browse(find.product)
        yield from self._look_at(find)
        for _ in range(self.length - 1):
            if self._happens(self._habits.look_at_picks_share):
                yield from self._look_at_picks()
            find = self._walk.go_on(find.product)
            if self._needs_a_list(find):
                yield self._browse(find.product)
            yield from self._look_at(find)
        yield from self._finish()

    def offer(self, products: Sequence[ShelfProduct]) -> None:
        """Show the person products, in the order of the list they stand in."""
        self._walk.offer(products)

    def _look_at_picks(self) -> Iterator[Step]:
        yield Step(StepKind.VIEW_PICKS, self._pause())
        eye_catcher = self._walk.catch_eye()
        if eye_catcher is not None:
            yield from self._look_at(eye_catcher)

    def _needs_a_list(self, find: Find) -> bool:
        if find.pick_position is not None:
            return False
        return find.is_new_category or self._happens(self._habits.next_list_share)

    def _browse(self, target: ShelfProduct) -> Step:
        """Return the list or the search that leads to the product."""
        if self._happens(self._habits.search_share):
            query = f"{target.colour} {target.article_type or target.category}".lower()
            return Step(StepKind.SEARCH, self._pause(), category=target.category, query=query)
        colour = target.colour if target.colour in self._tastes.colours else None
        return Step(StepKind.VIEW_LIST, self._pause(), category=target.category, colour=colour)

    def _look_at(self, find: Find) -> Iterator[Step]:
        product = find.product
        yield Step(StepKind.VIEW_PRODUCT, self._pause(), product, pick_position=find.pick_position)
        if (
            self._may_buy
            and product.id not in self._cart
            and self._happens(self._wish_for(product))
        ):
            quantity = self._habits.draw_quantity(self._rng)
            if not self._can_pay(product, quantity):
                return
            self._cart[product.id] = product, quantity
            yield Step(StepKind.ADD_TO_CART, self._pause(), product, quantity)

    def _wish_for(self, product: ShelfProduct) -> float:
        """Return how readily it goes into the cart: what is of the person's own look, more so."""
        is_own = product.look == self._tastes.look
        fit = self._habits.own_look_wish if is_own else self._habits.other_look_wish
        return self._habits.add_to_cart_share * self._tastes.conversion * fit

    def _can_pay(self, product: ShelfProduct, quantity: int) -> bool:
        in_cart = sum(each.price * count for each, count in self._cart.values())
        budget = self._shelf.median_price * Decimal(str(self._tastes.budget))
        return in_cart + product.price * quantity <= budget

    def _finish(self) -> Iterator[Step]:
        for product, quantity in [*self._cart.values()]:
            if self._happens(self._habits.remove_share):
                del self._cart[product.id]
                yield Step(StepKind.REMOVE_FROM_CART, self._pause(), product, quantity)
        readiness = self._tastes.conversion**0.5
        if self._cart and self._happens(self._habits.checkout_share * readiness):
            yield Step(StepKind.CHECKOUT, self._pause())
            if self._happens(self._habits.buy_share):
                yield Step(StepKind.BUY, self._pause())

    def _pause(self) -> float:
        return self._habits.draw_think_seconds(self._rng)

    def _happens(self, probability: float) -> bool:
        return self._rng.random() < probability
