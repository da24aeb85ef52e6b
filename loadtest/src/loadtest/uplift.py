"""What showing recommendations changes: visits that were to see them beside visits that were not.

Only visits count that came to the moment of looking at recommendations, in both groups ("triggered
analysis"), and could fill a cart: before that moment the groups cannot differ, nor without a login,
so the others would only dilute it. Whether a visit comes to it follows from what happened until
then, in which no group has seen any. Whoever came to it counts, shown or not, also when the
recommender failed ("intention to treat").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

_Z_95 = 1.96


@dataclass(frozen=True)
class VisitOutcome:
    """What one visit came to."""

    is_control: bool
    """Whether it was drawn, before it began, to see nothing of the recommender."""
    came_to_look: bool
    """Whether it came to the moment of looking at recommendations."""
    could_buy: bool
    """Whether it was logged in: nobody else fills a cart."""
    carts: int
    """How often something was put in the cart from that moment on."""
    purchases: int
    """How many purchases were made from that moment on."""


_OUTCOMES: dict[str, Callable[[VisitOutcome], bool]] = {
    "carts": lambda outcome: outcome.carts > 0,
    "purchases": lambda outcome: outcome.purchases > 0,
}


def uplift(outcomes: Sequence[VisitOutcome]) -> dict[str, Any]:
    """Return the size of both groups, and each one's share of visits with a cart and a purchase.

    `low` and `high` bound the difference of the shares with 95 % confidence (Newcombe 1998, method
    10, from Wilson's intervals), which holds for small groups and shares near 0. Empty where either
    group has no visit to compare.
    """
    groups = {
        name: [outcome for outcome in outcomes if outcome.is_control == is_control]
        for name, is_control in (("shown", False), ("control", True))
    }
    compared = {
        name: [outcome for outcome in group if outcome.came_to_look and outcome.could_buy]
        for name, group in groups.items()
    }
    if not all(compared.values()):
        return {}
    return {
        "groups": {
            name: {
                "visits": len(group),
                "came_to_look": sum(outcome.came_to_look for outcome in group),
                "compared": len(compared[name]),
            }
            for name, group in groups.items()
        },
        "differences": {
            what: _compared(
                *((sum(map(happened, group)), len(group)) for group in compared.values())
            )
            for what, happened in _OUTCOMES.items()
        },
    }


def _compared(shown: tuple[int, int], control: tuple[int, int]) -> dict[str, float]:
    p, lower_p, upper_p = _wilson(*shown)
    q, lower_q, upper_q = _wilson(*control)
    low = p - q - sqrt((p - lower_p) ** 2 + (upper_q - q) ** 2)
    high = p - q + sqrt((upper_p - p) ** 2 + (q - lower_q) ** 2)
    return {
        "share_shown": round(p, 4),
        "share_control": round(q, 4),
        "difference": round(p - q, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def _wilson(successes: int, trials: int) -> tuple[float, float, float]:
    """Return the share and Wilson's interval around it."""
    share = successes / trials
    z = _Z_95**2 / trials
    middle = (share + z / 2) / (1 + z)
    spread = _Z_95 * sqrt(share * (1 - share) / trials + z / (4 * trials)) / (1 + z)
    return share, max(0.0, middle - spread), min(1.0, middle + spread)
