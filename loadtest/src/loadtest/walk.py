"""From product to product: the Markov chain of what a person looks at in one session."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from loadtest.habits import Habits
from loadtest.personas import Tastes
from loadtest.shelf import Kind, Shelf, ShelfProduct


@dataclass(frozen=True)
class Find:
    """The next product a person looks at, and how they came to it."""

    product: ShelfProduct
    is_new_category: bool = False
    pick_position: int | None = None
    """Where in the recommendations it stood, if it was found there."""


class Walk:
    """The products of one session, one after the other.

    Category, colour and return are decided first, by their measured shares; then a product of that
    kind is drawn by popularity, look and the person's tastes. So the shares hold on any shelf.
    """

    def __init__(self, tastes: Tastes, shelf: Shelf, rng: Random, habits: Habits) -> None:
        self._tastes = tastes
        self._shelf = shelf.part_for(tastes.genders)
        self._rng = rng
        self._habits = habits
        self._seen: dict[int, ShelfProduct] = {}
        self._offered: Sequence[ShelfProduct] = ()
        self._departments = self._shelf.market.categories(tastes.genders)
        self._look: int | None = tastes.look if self._happens(habits.own_look_share) else None

    def start(self) -> Find:
        """Return the first product: of a favourite category, perhaps from the offered ones."""
        favourites = _only(self._tastes.categories, self._departments) or self._departments
        position = self._first_pick(lambda product: product.category in favourites)
        if position is not None:
            return self._remember(Find(self._offered[position], pick_position=position))
        return self._remember(Find(self._draw_from(favourites), is_new_category=True))

    def offer(self, products: Sequence[ShelfProduct]) -> None:
        """Show products; the next step takes one if that kind is what it is after."""
        self._offered = products

    def go_on(self, current: ShelfProduct) -> Find:
        """Return the product that is looked at after the current one."""
        dice = self._rng.random()
        if dice < self._habits.reload_share:
            return self._remember(Find(current))
        if dice < self._habits.reload_share + self._habits.return_share and len(self._seen) > 1:
            return self._remember(Find(self._return_to_another(current)))
        return self._remember(self._find_new(current))

    def _remember(self, find: Find) -> Find:
        """Keep what was seen, the latest last; the first may set the look."""
        if self._look is None:
            self._look = find.product.look
        self._seen.pop(find.product.id, None)
        self._seen[find.product.id] = find.product
        self._offered = ()
        return find

    def _return_to_another(self, current: ShelfProduct) -> ShelfProduct:
        """Return to a product seen earlier, rather to a recent one."""
        earlier = [product for product in self._seen.values() if product.id != current.id]
        return self._rng.choices(earlier, range(1, len(earlier) + 1))[0]

    def _find_new(self, current: ShelfProduct) -> Find:
        stays = self._happens(self._habits.same_category_share)
        categories = {current.category: 1.0} if stays else self._other_categories(current.category)
        same_colour = self._happens(self._habits.same_colour_share)
        position = self._fitting_pick(current, categories, same_colour=same_colour)
        if position is not None:
            return Find(self._offered[position], pick_position=position)
        product = self._draw_from(
            categories,
            colour=current.colour if same_colour else None,
            avoid_colour=None if same_colour else current.colour,
        )
        return Find(product, is_new_category=product.category != current.category)

    def _other_categories(self, current: str) -> dict[str, float]:
        others = {c: share for c, share in self._departments.items() if c != current}
        favourites = _only(self._tastes.categories, others)
        if favourites and self._happens(self._habits.taste_share):
            return favourites
        return others or {current: 1.0}

    def _fitting_pick(
        self, current: ShelfProduct, categories: dict[str, float], *, same_colour: bool
    ) -> int | None:
        """Return the position of the first offered product of the kind that is looked for."""
        return self._first_pick(
            lambda product: (
                product.category in categories and (product.colour == current.colour) == same_colour
            )
        )

    def _first_pick(self, is_kind: Callable[[ShelfProduct], bool]) -> int | None:
        """Return the position of the first offered product of a kind, if the person clicks it."""
        if not self._offered or not self._happens(self._habits.click_pick_share):
            return None
        for position, product in enumerate(self._offered):
            is_for_them = self._shelf.get(product.id) is not None
            if is_kind(product) and is_for_them and product.id not in self._seen:
                return position
        return None

    def _draw_from(
        self,
        categories: Mapping[str, float],
        *,
        colour: str | None = None,
        avoid_colour: str | None = None,
    ) -> ShelfProduct:
        """Draw a product; give up the look, the colour, the tastes, where nothing else is left."""
        category = self._rng.choices([*categories], [*categories.values()])[0]
        appeal = partial(self._appeal, avoid_colour)
        kinds = [Kind(category, colour), Kind(category)]
        if self._happens(self._habits.same_look_share):
            kinds.insert(0, Kind(category, colour, self._look))
        drawn = (self._shelf.draw(self._rng, appeal, kind) for kind in kinds)
        return next(filter(None, drawn), None) or self._shelf.draw_any(self._rng, category)

    def _appeal(self, avoid_colour: str | None, product: ShelfProduct) -> float:
        """Say how much of its popularity a product keeps for this person in this session."""
        if product.id in self._seen or product.colour == avoid_colour:
            return 0.0
        too_dear = max(0.0, self._shelf.dearness(product) - 0.5)
        appeal = 1.0 - self._tastes.price_sensitivity * too_dear
        is_favourite_colour = product.colour in self._tastes.colours
        return appeal if is_favourite_colour else appeal * self._habits.other_colour_appeal

    def _happens(self, probability: float) -> bool:
        return self._rng.random() < probability


def _only(shares: Mapping[str, float], among: Mapping[str, float]) -> dict[str, float]:
    return {key: share for key, share in shares.items() if key in among}
