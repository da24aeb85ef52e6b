"""How people move through a clothing shop, in numbers.

The click figures are measured on a real clothing shop's clickstream (UCI 553, CC BY 4.0); carts and
purchases, which it does not have, are set to what such shops commonly report.
"""

from dataclasses import dataclass, replace
from math import log
from random import Random


@dataclass(frozen=True)
class Habits:
    """The parameters of the session model. Shares are of clicks unless they say otherwise."""

    one_click_share: float = 0.21
    """Sessions that end after one click."""
    short_share: float = 0.65
    """Of the other sessions: those that are short."""
    short_mean: float = 3.5
    """Mean clicks beyond the second in a short session."""
    long_mean: float = 11.5
    """Mean clicks beyond the second in a long session."""

    reload_share: float = 0.051
    """Next clicks on the very same product."""
    return_share: float = 0.068
    """Next clicks on a product seen earlier in the session."""
    same_category_share: float = 0.815
    """Of clicks on new products: those that stay in the category."""
    same_colour_share: float = 0.245
    """Of clicks on new products: those that stay with the colour."""
    taste_share: float = 0.5
    """Of changes of category: those to another favourite of the person."""

    same_look_share: float = 0.9
    """Of clicks on new products: those that keep to the session's look whatever else they do.

    Fitted so that what was looked at together foretells the next click as well as it was measured.
    """
    other_colour_appeal: float = 0.7
    """Appeal of a colour that is none of the person's favourites."""
    own_look_share: float = 0.8
    """Sessions that follow the person's own look; the others begin with any."""

    search_share: float = 0.2
    """Of looks for something else: by the search field instead of a list."""
    next_list_share: float = 0.12
    """Clicks that come after another list was opened in the same category."""
    look_at_home_share: float = 0.3
    """Sessions that begin with the recommendations on the first page, before any click."""
    look_at_picks_share: float = 0.4
    """Clicks after which the recommendations are looked at."""
    click_pick_share: float = 0.6
    """Of looks at recommendations that have what one is after next: those that click on it."""
    eye_catcher_share: float = 0.13
    """Of recommended products of the person's own look: those that take the eye, and are clicked
    beside all that one is after. Fitted to 15 % more product views than without recommendations.
    """

    add_to_cart_share: float = 0.1
    """Clicks that end in the cart, for a person of average conversion."""
    own_look_wish: float = 1.3
    """Factor on that for a product of the person's own look ..."""
    other_look_wish: float = 0.5
    """... and for any other. So who shows people their look sells more, as in life."""
    remove_share: float = 0.1
    """Of lines in the cart: those taken out again before the checkout."""
    checkout_share: float = 0.55
    """Of sessions with a cart: those that go to the checkout."""
    buy_share: float = 0.85
    """Of checkouts: those that buy."""

    think_median_seconds: float = 12.0
    """Half of the pauses between two clicks are shorter than this."""
    think_spread: float = 0.9
    """Standard deviation of the logarithm of a pause."""

    def with_eagerness(self, factor: float) -> "Habits":
        """Return those of people who fill the cart so much more readily, and buy, by its root."""
        return replace(
            self,
            add_to_cart_share=self.add_to_cart_share * factor,
            checkout_share=self.checkout_share * factor**0.5,
        )

    def draw_length(self, rng: Random) -> int:
        """Draw how many products a session looks at.

        One click, or two and a geometric number more, whose mean is short or long.
        """
        if rng.random() < self.one_click_share:
            return 1
        mean = self.short_mean if rng.random() < self.short_share else self.long_mean
        return 2 + int(log(1.0 - rng.random()) / log(mean / (1.0 + mean)))

    def draw_think_seconds(self, rng: Random) -> float:
        """Draw the pause before a click."""
        return rng.lognormvariate(log(self.think_median_seconds), self.think_spread)

    def draw_quantity(self, rng: Random) -> int:
        """Draw how many of a product go into the cart."""
        return rng.choices((1, 2, 3), (85, 12, 3))[0]


HABITS = Habits()
