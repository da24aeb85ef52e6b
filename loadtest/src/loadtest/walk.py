"""From product to product: the Markov chain of what a person looks at in one session."""

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class _Wanted:
    """What a person is after next."""

    categories: Mapping[str, float]
    colour: str | None = None
    not_colour: str | None = None
    look: int | None = None

    def is_met_by(self, product: ShelfProduct) -> bool:
        return (
            product.category in self.categories
            and product.colour != self.not_colour
            and self.colour in {None, product.colour}
            and self.look in {None, product.look}
        )


class Walk:
    """The products of one session, one after the other.

    Category, colour and return are decided first, by their measured shares; then a product of that
    kind is drawn by popularity, look and the person's tastes. So the shares hold on any shelf, and
    whatever is recommended: recommendations are another place to find what one is after.
    """

    def __init__(self, tastes: Tastes, shelf: Shelf, rng: Random, habits: Habits) -> None:
        self._tastes = tastes
        self._shelf = shelf.part_for(tastes.genders)
        self._rng = rng
        self._habits = habits
        self._seen: dict[int, ShelfProduct] = {}
        self._offered: dict[int, ShelfProduct] = {}
        self._departments = self._shelf.market.categories(tastes.genders)
        self._look: int | None = tastes.look if self._happens(habits.own_look_share) else None

    def start(self) -> Find:
        """Return the first product: of a favourite category, perhaps from the offered ones."""
        favourites = _only(self._tastes.categories, self._departments) or self._departments
        return self._remember(self._find(_Wanted(favourites, look=self._wanted_look())))

    def offer(self, products: Sequence[ShelfProduct]) -> None:
        """Show products; the next step takes one if that is what it is after."""
        self._offered = {
            position: product
            for position, product in enumerate(products)
            if self._shelf.get(product.id) is not None
        }

    def catch_eye(self) -> Find | None:
        """Return what takes the person's eye among the offered, though they were not after it.

        That is of the person's own look. Where the walk goes on from is not changed by it.
        """
        for position, product in self._offered.items():
            share = self._habits.eye_catcher_share * self._appeal(None, product)
            if product.look == self._tastes.look and self._happens(share):
                self._seen[product.id] = product
                return Find(product, pick_position=position)
        return None

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
        self._offered = {}
        return find

    def _return_to_another(self, current: ShelfProduct) -> ShelfProduct:
        """Return to a product seen earlier, rather to a recent one."""
        earlier = [product for product in self._seen.values() if product.id != current.id]
        return self._rng.choices(earlier, range(1, len(earlier) + 1))[0]

    def _find_new(self, current: ShelfProduct) -> Find:
        stays = self._happens(self._habits.same_category_share)
        same_colour = self._happens(self._habits.same_colour_share)
        wanted = _Wanted(
            {current.category: 1.0} if stays else self._other_categories(current.category),
            colour=current.colour if same_colour else None,
            not_colour=None if same_colour else current.colour,
            look=self._wanted_look(),
        )
        return self._find(wanted, current.category)

    def _wanted_look(self) -> int | None:
        return self._look if self._happens(self._habits.same_look_share) else None

    def _other_categories(self, current: str) -> dict[str, float]:
        others = {c: share for c, share in self._departments.items() if c != current}
        favourites = _only(self._tastes.categories, others)
        if favourites and self._happens(self._habits.taste_share):
            return favourites
        return others or {current: 1.0}

    def _find(self, wanted: _Wanted, category: str | None = None) -> Find:
        """Find what is wanted: among the offered if they have it, else on the shelf."""
        position = self._position_of(wanted)
        if position is not None:
            return Find(self._offered[position], pick_position=position)
        product = self._draw(wanted)
        return Find(product, is_new_category=product.category != category)

    def _position_of(self, wanted: _Wanted) -> int | None:
        """Return the position of the offered product that the person clicks, if any."""
        if not self._offered or not self._happens(self._habits.click_pick_share):
            return None
        appeals = {
            position: self._appeal(wanted.not_colour, product)
            for position, product in self._offered.items()
            if wanted.is_met_by(product)
        }
        if not any(appeals.values()):
            return None
        return self._rng.choices([*appeals], [*appeals.values()])[0]

    def _draw(self, wanted: _Wanted) -> ShelfProduct:
        """Draw a product; give up the look, the colour, the tastes, where nothing else is left."""
        category = self._rng.choices([*wanted.categories], [*wanted.categories.values()])[0]
        appeal = partial(self._appeal, wanted.not_colour)
        kinds = [Kind(category, wanted.colour), Kind(category)]
        if wanted.look is not None:
            kinds.insert(0, Kind(category, wanted.colour, wanted.look))
        drawn = (self._shelf.draw(self._rng, appeal, kind) for kind in kinds)
        return next(filter(None, drawn), None) or self._shelf.draw_any(self._rng, category)

    def _appeal(self, not_colour: str | None, product: ShelfProduct) -> float:
        """Say how much of its popularity a product keeps for this person in this session."""
        if product.id in self._seen or product.colour == not_colour:
            return 0.0
        too_dear = max(0.0, self._shelf.dearness(product) - 0.5)
        appeal = 1.0 - self._tastes.price_sensitivity * too_dear
        is_favourite_colour = product.colour in self._tastes.colours
        return appeal if is_favourite_colour else appeal * self._habits.other_colour_appeal

    def _happens(self, probability: float) -> bool:
        return self._rng.random() < probability


def _only(shares: Mapping[str, float], among: Mapping[str, float]) -> dict[str, float]:
    return {key: share for key, share in shares.items() if key in among}
