"""What showing recommendations changes: visits that saw them beside visits that did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

_Z_95 = 1.96


@dataclass(frozen=True)
class VisitOutcome:
    """What one visit came to."""

    was_shown_picks: bool
    """Whether the shop had recommendations for it at all; the others are the control group."""
    views: int
    carts: int
    purchases: int


def uplift(outcomes: Sequence[VisitOutcome]) -> dict[str, dict[str, float]]:
    """Return for carts and purchases each group's share of visits with one, and the difference.

    `low` and `high` bound the difference of the shares with 95 % confidence (Newcombe 1998, method
    10, from Wilson's intervals), which holds for small groups and shares near 0. Empty without a
    control group.
    """
    shown = [outcome for outcome in outcomes if outcome.was_shown_picks]
    control = [outcome for outcome in outcomes if not outcome.was_shown_picks]
    if not shown or not control:
        return {}
    return {
        "carts": _compared(
            (sum(o.carts > 0 for o in shown), len(shown)),
            (sum(o.carts > 0 for o in control), len(control)),
        ),
        "purchases": _compared(
            (sum(o.purchases > 0 for o in shown), len(shown)),
            (sum(o.purchases > 0 for o in control), len(control)),
        ),
    }


def _compared(shown: tuple[int, int], control: tuple[int, int]) -> dict[str, float]:
    p, lower_p, upper_p = _wilson(*shown)
    q, lower_q, upper_q = _wilson(*control)
    low = p - q - sqrt((p - lower_p) ** 2 + (upper_q - q) ** 2)
    high = p - q + sqrt((upper_p - p) ** 2 + (q - lower_q) ** 2)
    return {
        "visits_shown": shown[1],
        "visits_control": control[1],
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
