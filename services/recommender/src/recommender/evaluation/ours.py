"""Ours: the tables that the build learns and the scores that the picks are ranked by."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fashion_contracts.events import EventType
from fashion_contracts.picks import Reason, Source
from recommender.evaluation.metrics import LENGTH, Predictor
from recommender.evaluation.schemas import Attributes, Session
from recommender.learning.catalogue import CatalogueProduct
from recommender.learning.workbench import Workbench
from recommender.model.artefact import Model, ModelContent, ModelProduct, to_bytes
from recommender.model.layers import Layer, LayeredModel
from recommender.picks.ranking import Anchor, neighbour_scores
from recommender.settings import LearningSettings
from recommender.trends.schemas import GLOBAL

# The shop shows the just seen on a shelf of its own, so these are no settings of the shop: they
# put that shelf's products among the others, because the papers' protocol counts them.
OWN_SHARE: Final = 0.5
"""Scores spread over more products than clicks do: half fits best on both validation parts."""
OWN_REACH: Final = 20
_TREND_BELOW_ALL: Final = 1e-9


def ours(
    sessions: Sequence[Session], attributes: Mapping[int, Attributes], settings: LearningSettings
) -> Predictor:
    """Learn as the build does; predict as picks are ranked, with the session's own products."""
    if not attributes:
        # Of products of which nothing is known none is more alike than another.
        settings = settings.model_copy(update={"content_weight": 0.0})
    model, trend = _learnt(sessions, attributes, settings)
    below = {product: score * _TREND_BELOW_ALL for product, score in trend}
    own = _own_shares(sessions)

    def predict(seen: Sequence[int]) -> Mapping[int, float]:
        latest = list(dict.fromkeys(reversed(seen)))
        anchors = [
            Anchor(product, settings.weight_view, Reason.VIEWED, Source.SESSION)
            for product in islice(latest, settings.anchors)
        ]
        scores, _ = neighbour_scores(anchors, model, settings.anchor_decay)
        total = sum(scores.values()) or 1.0
        for product, share in zip(latest, own, strict=False):
            scores[product] = scores.get(product, 0.0) + share * total
        return scores if len(scores) >= LENGTH + len(latest) else below | scores

    return predict


def _own_shares(sessions: Iterable[Session]) -> list[float]:
    """Return what a session's own products score beside all others, the latest first.

    That is learnt from how often the next click went back to the last product, to the one before
    it, and so on.
    """
    back: Counter[int] = Counter()
    clicks = 0
    for _, products in sessions:
        clicks += len(products) - 1
        for place in range(1, len(products)):
            latest = list(dict.fromkeys(products[max(place - OWN_REACH, 0) : place][::-1]))
            if products[place] in latest:
                back[latest.index(products[place])] += 1
    onward = max(clicks - back.total(), 1)
    shares = [OWN_SHARE * back[age] / onward for age in range(OWN_REACH)]
    return shares[: max(back, default=-1) + 1]


def _learnt(
    sessions: Sequence[Session], attributes: Mapping[int, Attributes], settings: LearningSettings
) -> tuple[LayeredModel, Sequence[tuple[int, float]]]:
    products = _catalogue(sessions, attributes)
    with TemporaryDirectory() as place, Workbench(settings, Path(place)) as bench:
        bench.load_products(products, ())
        bench.load_events([_landed(sessions, Path(place))], since=_instant(sessions[0].began))
        bench.find_sessions()
        rows = bench.neighbours()
        trend = bench.trends(_instant(sessions[-1].began) + timedelta(days=1))[GLOBAL]
    known = [ModelProduct(product.id, str(product.id), "", "", "") for product in products]
    model = Model.from_bytes(to_bytes(ModelContent("evaluation", "", None, known, rows)))
    return LayeredModel([Layer(model, 1.0)]), trend


def _catalogue(
    sessions: Sequence[Session], attributes: Mapping[int, Attributes]
) -> list[CatalogueProduct]:
    """Return the products clicked so far, the newest first; what comes later is not known."""
    first_seen: dict[int, float] = {}
    for began, products in sessions:
        for product in products:
            first_seen.setdefault(product, began)
    return [
        CatalogueProduct(
            id=product,
            product_display_name=None,
            created_at=_instant(began),
            **vars(attributes.get(product, Attributes())),
        )
        for product, began in reversed(first_seen.items())
    ]


def _landed(sessions: Sequence[Session], folder: Path) -> Path:
    """Return a landing zone object that tells of the sessions."""
    path = folder / "sessions.gz"
    with gzip.open(path, "wt", compresslevel=1) as file:
        for number, session in enumerate(sessions):
            file.writelines(json.dumps(event) + "\n" for event in _events(number, session))
    return path


def _events(number: int, session: Session) -> Iterator[dict[str, Any]]:
    """Yield the session's clicks, a second apart: it stays one session whatever its pauses were."""
    for place, product in enumerate(session.products):
        at = (_instant(session.began) + timedelta(seconds=place)).isoformat()
        yield {
            "event_id": f"{number}-{place}",
            "type": EventType.PRODUCT_VIEW,
            "user_id": str(number),
            "product_id": product,
            "event_time": at,
            "received_at": at,
        }


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
