"""What is taken out of the cart, or given back, speaks and is excluded as if it had not been put.

Each rule holds in whatever order the events arrive.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import Reason, Shopper
from recommender.interactions.fold import fold
from recommender.picks.ranking import Excluded, anchors_of
from recommender.settings import RankingSettings

START = datetime(2026, 5, 1, tzinfo=UTC)
SETTINGS = RankingSettings(weight_view=1.0, weight_cart=4.0, weight_purchase=5.0)
VIEW, PUT, TAKEN, BOUGHT, REFUND = (
    EventType.PRODUCT_VIEW,
    EventType.ADD_TO_CART,
    EventType.REMOVE_FROM_CART,
    EventType.PURCHASE,
    EventType.REFUND,
)
Events = Callable[..., Interaction]


def in_every_order(event: Events, types: tuple[EventType, ...]) -> list[Shopper]:
    """Return the shopper who did this to product 5, a minute apart, as folded in each order."""
    events = [
        event(5, type_, at=START + timedelta(minutes=minute)) for minute, type_ in enumerate(types)
    ]
    shoppers = []
    for order in permutations(events):
        one_by_one = Shopper("shopper")
        for each in order:
            one_by_one = fold(one_by_one, [each])
        shoppers += [one_by_one, fold(Shopper("shopper"), order)]
    return shoppers


@pytest.mark.parametrize(
    ("types", "weight", "reason"),
    [
        ((VIEW,), 1.0, Reason.VIEWED),
        ((VIEW, PUT), 4.0, Reason.CARTED),
        ((VIEW, PUT, TAKEN), 1.0, Reason.VIEWED),
        ((PUT, TAKEN, PUT), 4.0, Reason.CARTED),
        ((VIEW, PUT, BOUGHT), 5.0, Reason.BOUGHT),
        ((VIEW, PUT, BOUGHT, REFUND), 1.0, Reason.VIEWED),
        ((BOUGHT, REFUND, PUT), 4.0, Reason.CARTED),
        ((BOUGHT, REFUND, BOUGHT), 5.0, Reason.BOUGHT),
    ],
)
def test_a_product_speaks_by_what_still_holds(
    event: Events, types: tuple[EventType, ...], weight: float, reason: Reason
) -> None:
    for shopper in in_every_order(event, types):
        (anchor,) = anchors_of(shopper, SETTINGS)

        assert (anchor.weight, anchor.reason) == (weight, reason)


@pytest.mark.parametrize(
    ("types", "is_excluded", "is_family_excluded"),
    [
        ((PUT,), True, False),
        ((PUT, TAKEN), False, False),
        ((BOUGHT,), True, True),
        ((PUT, BOUGHT, REFUND), False, False),
        ((BOUGHT, REFUND, PUT), True, False),
    ],
)
def test_a_product_is_excluded_for_as_long_as_it_is_held(
    event: Events,
    types: tuple[EventType, ...],
    is_excluded: bool,
    is_family_excluded: bool,
    rankers: Any,
) -> None:
    model = rankers.current().model
    events = [event(1, t, at=START + timedelta(minutes=n)) for n, t in enumerate(types)]
    for order in permutations(events):
        shopper = fold(Shopper("shopper"), order)
        excluded = Excluded(shopper, model, with_seen=False)

        assert (1 in excluded) == is_excluded
        assert (2 in excluded) == is_family_excluded  # 2 is 1 in another colour


@pytest.mark.parametrize(("done", "undone"), [(PUT, TAKEN), (BOUGHT, REFUND)])
def test_undoing_at_the_same_instant_holds(
    event: Events, done: EventType, undone: EventType
) -> None:
    events = [event(5, done, at=START), event(5, undone, at=START)]
    for order in (events, events[::-1]):
        shopper = fold(Shopper("shopper"), order)

        assert not shopper.in_cart
        assert not shopper.owned
