"""How much a shopper cares for products: all that stands near what was looked at, without caps."""

from fashion_contracts.picks import Pick, Shopper, rounded_score
from recommender.picks.ranking import Ranker, anchors_of, neighbour_scores


def interest_of(shopper: Shopper, ranker: Ranker) -> list[Pick]:
    """Return the neighbours of the latest products, best first; the best has score 1.

    Picks are the first of these, thinned out: where a filter leaves few of them, or a list is given
    to be put into order, the rest counts.
    """
    if ranker.model is None:
        return []
    anchors = anchors_of(shopper, ranker.settings)
    scores, speakers = neighbour_scores(anchors, ranker.model, ranker.settings.anchor_decay)
    top = max(scores.values(), default=1.0)
    picks = []
    for product_id in sorted(scores, key=scores.__getitem__, reverse=True):
        anchor, score = speakers[product_id], rounded_score(scores[product_id] / top)
        picks.append(Pick(product_id, score, anchor.source, anchor.reason, anchor.product_id))
    return picks
