"""How much a shopper cares for products: all that stands near what was looked at, without caps."""

from fashion_contracts.picks import Pick, Shopper, rounded_score
from recommender.picks.ranking import Anchor, Ranker, anchors_of


def interest_of(shopper: Shopper, ranker: Ranker) -> list[Pick]:
    """Return the neighbours of the latest products, best first; the best has score 1.

    Picks are the first of these, thinned out: where a filter leaves few of them, or a list is given
    to be put into order, the rest counts.
    """
    if ranker.model is None:
        return []
    scores: dict[int, float] = {}
    speakers: dict[int, Anchor] = {}
    for age, anchor in enumerate(anchors_of(shopper, ranker.settings)):
        strength = anchor.weight * ranker.settings.anchor_decay**age
        for product_id, weight in ranker.model.neighbours_of(anchor.product_id):
            scores[product_id] = scores.get(product_id, 0.0) + weight * strength
            speakers.setdefault(product_id, anchor)
    top = max(scores.values(), default=1.0)
    picks = []
    for product_id in sorted(scores, key=scores.__getitem__, reverse=True):
        anchor, score = speakers[product_id], rounded_score(scores[product_id] / top)
        picks.append(Pick(product_id, score, anchor.source, anchor.reason, anchor.product_id))
    return picks
