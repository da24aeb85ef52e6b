"""Team-draft interleaving: one list made of two, which tells whose product a click is for."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from fashion_contracts.picks import Pick
from recommender.experiments.assignment import Variant


def interleave(
    control: Sequence[Pick], treatment: Sequence[Pick], length: int, seed: str
) -> tuple[list[Pick], int]:
    """Return the list, and the bits of the positions that are treatment's.

    In each round either team puts in its best product that is not there yet; a coin says who is
    first. The coins are the seed's hash, so that the same answer comes out the same. When a team
    has nothing left, the other one fills up.
    """
    coins = int.from_bytes(sha256(seed.encode()).digest(), "big")
    queues = {Variant.CONTROL: iter(control), Variant.TREATMENT: iter(treatment)}
    taken: set[int] = set()
    picks: list[Pick] = []
    teams = 0
    while len(picks) < length:
        before = len(picks)
        order = (Variant.CONTROL, Variant.TREATMENT)
        for team in order if coins & 1 else reversed(order):
            pick = _next(queues[team], taken)
            if pick is not None and len(picks) < length:
                teams |= (team is Variant.TREATMENT) << len(picks)
                taken.add(pick.product_id)
                picks.append(pick)
        if len(picks) == before:
            break
        coins >>= 1
    return picks, teams


def _next(queue: Iterator[Pick], taken: set[int]) -> Pick | None:
    return next((pick for pick in queue if pick.product_id not in taken), None)
