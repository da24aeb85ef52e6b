"""The methods that ours is measured beside, each as its literature has it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest, nsmallest
from itertools import islice
from math import exp, log, sqrt
from typing import Final

from recommender.evaluation.metrics import Predictor
from recommender.evaluation.schemas import Session

LISTED: Final = 1000
"""So many are listed by a method that knows nobody: who is below can be no hit for anybody."""
TREND_SECONDS: Final = 3 * 86_400.0
NEIGHBOURS: Final = 500
VMIS_RECENT: Final = 500
VMIS_NEAREST: Final = 100
VMIS_LATEST: Final = 9
"""So many of the session's latest products count: a match further back weighs nothing."""


def popularity(sessions: Sequence[Session]) -> Predictor:
    """Predict what was clicked most."""
    counts = Counter(product for session in sessions for product in session.products)
    return _always(counts)


def trending(sessions: Sequence[Session]) -> Predictor:
    """Predict what was clicked most of late: after three days a click counts 1/e."""
    end = max(session.began for session in sessions)
    counts: dict[int, float] = defaultdict(float)
    for began, products in sessions:
        weight = exp((began - end) / TREND_SECONDS)
        for product in products:
            counts[product] += weight
    return _always(counts)


def item_knn(sessions: Sequence[Session]) -> Predictor:
    """Predict what shares most sessions with the last product, by cosine."""
    distinct = [set(session.products) for session in sessions]
    holding = _sessions_by_product(distinct)
    rows = {
        product: _best(
            {
                other: count / sqrt(len(places) * len(holding[other]))
                for other, count in _together(distinct[place] for place in places).items()
                if other != product
            },
            NEIGHBOURS,
        )
        for product, places in holding.items()
    }
    return lambda seen: rows.get(seen[-1], {})


def vmis_knn(sessions: Sequence[Session]) -> Predictor:
    """Predict what the sessions most like this one hold, among the latest that share a product.

    Kersbergen, Sprangers, Schelter: Serenade, SIGMOD 2022.
    """
    distinct = [set(products) for _, products in reversed(sessions)]
    places = _sessions_by_product(distinct)
    holding = {product: latest[:VMIS_RECENT] for product, latest in places.items()}
    rarity = {product: log(len(distinct) / len(all_)) for product, all_ in places.items()}

    def predict(seen: Sequence[int]) -> Mapping[int, float]:
        latest = list(islice(dict.fromkeys(reversed(seen)), VMIS_LATEST))
        alike: dict[int, float] = defaultdict(float)
        matched: dict[int, int] = {}
        for age, product in enumerate(latest):
            for place in holding.get(product, ()):
                alike[place] += 1 - age / len(latest)
                matched.setdefault(place, age + 1)
        recent = nsmallest(VMIS_RECENT, alike)
        scores: dict[int, float] = defaultdict(float)
        for place in nlargest(VMIS_NEAREST, recent, key=alike.__getitem__):
            weight = alike[place] * (1 - matched[place] / (VMIS_LATEST + 1))
            for product in distinct[place]:
                scores[product] += weight * rarity[product]
        return scores

    return predict


def _always(scores: Mapping[int, float]) -> Predictor:
    best = _best(scores, LISTED)
    return lambda _seen: best


def _best(scores: Mapping[int, float], count: int) -> dict[int, float]:
    return {product: scores[product] for product in nlargest(count, scores, key=scores.__getitem__)}


def _sessions_by_product(distinct: Sequence[set[int]]) -> dict[int, list[int]]:
    holding: dict[int, list[int]] = defaultdict(list)
    for place, products in enumerate(distinct):
        for product in products:
            holding[product].append(place)
    return holding


def _together(sets: Iterable[set[int]]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for products in sets:
        counts.update(products)
    return counts
