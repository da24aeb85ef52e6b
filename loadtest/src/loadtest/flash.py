"""A flash sale: everybody comes for one of the same few products, and buys at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from loadtest.habits import Habits
from loadtest.session import Step, StepKind
from loadtest.shelf import ShelfProduct

NEVER_ASKED = frozenset({"GET /products", "GET /recommendations/{user_id}"})
"""Endpoints that nobody asks in a sale, so that nothing can be measured of them."""


@dataclass(frozen=True)
class FlashSession:
    """The steps of a visit for one product of the sale."""

    sale: Sequence[ShelfProduct]
    rng: Random
    habits: Habits

    def steps(self) -> Iterator[Step]:
        """Yield what the person does; nothing else in the shop interests them."""
        wanted = self.rng.choice(self.sale)
        for kind in (StepKind.VIEW_PRODUCT, StepKind.ADD_TO_CART, StepKind.CHECKOUT, StepKind.BUY):
            yield Step(kind, self.habits.draw_think_seconds(self.rng), wanted)

    def offer(self, products: Sequence[ShelfProduct]) -> None:
        """Look at no recommendations."""
