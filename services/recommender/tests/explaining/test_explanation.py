"""Why a candidate won or was left out, of the little model: each product's next ten are near it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import Shopper
from recommender.explaining.explanation import Candidate, Explanation, explain
from recommender.interactions.fold import fold
from recommender.model.layers import LayeredModel
from recommender.picks.ranking import Ranker
from recommender.settings import InteractionsSettings
from recommender.trends.schemas import Trends

Events = Callable[..., Interaction]
NOBODY = Shopper("shopper")
ALL = 100


@pytest.fixture
def ranker(settings: InteractionsSettings, layers: LayeredModel | None, trends: Trends) -> Ranker:
    return Ranker(settings, layers, trends)


def candidates(explanation: Explanation) -> dict[int, Candidate]:
    return {candidate.product_id: candidate for candidate in explanation.candidates}


def verdicts(explanation: Explanation) -> dict[int, str]:
    return {product: candidate.verdict for product, candidate in candidates(explanation).items()}


def test_the_contributions_are_the_score_that_picks_show(ranker: Ranker, event: Events) -> None:
    shopper = fold(NOBODY, [event(1), event(3, EventType.ADD_TO_CART), event(5)])

    explanation = explain(shopper, ranker, frozenset(), length=ALL)

    scores = {pick.product_id: pick.score for pick in explanation.picks}
    personal = [c for c in explanation.candidates if c.verdict.startswith("pick")]
    assert len(personal) > 5
    for candidate in explanation.candidates:
        total = sum(part.score for part in candidate.contributions)
        assert candidate.score == pytest.approx(total)
    for candidate in personal:
        assert candidate.score == pytest.approx(scores[candidate.product_id], abs=1e-4)


def test_candidates_come_best_first_and_so_do_their_parts(ranker: Ranker, event: Events) -> None:
    shopper = fold(NOBODY, [event(1), event(3)])

    explanation = explain(shopper, ranker, frozenset(), length=ALL)

    scores = [candidate.score for candidate in explanation.candidates]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1
    of_six = candidates(explanation)[6].contributions
    assert [part.anchor.product_id for part in of_six] == [3, 1]


def test_an_anchor_shows_what_the_decay_leaves(ranker: Ranker, event: Events) -> None:
    explanation = explain(fold(NOBODY, [event(1), event(3)]), ranker, frozenset(), length=ALL)

    decay = ranker.settings.anchor_decay
    assert [(a.anchor.product_id, a.score) for a in explanation.anchors] == [(3, 1.0), (1, decay)]


def test_each_pick_is_told_by_its_rank(ranker: Ranker, event: Events) -> None:
    explanation = explain(fold(NOBODY, [event(20)]), ranker, frozenset(), length=ALL)

    ranks = {pick.product_id: rank for rank, pick in enumerate(explanation.picks, 1)}
    assert verdicts(explanation) == {product: f"pick {ranks[product]}" for product in range(21, 31)}


def test_what_is_left_out_is_told_with_its_reason(ranker: Ranker, event: Events) -> None:
    acts = [
        event(11, EventType.PURCHASE),
        event(12, EventType.ADD_TO_CART),
        event(13),
        event(10),
    ]

    explanation = explain(fold(NOBODY, acts), ranker, frozenset({14}), length=ALL)

    told = verdicts(explanation)
    assert [told[product] for product in (11, 12, 13, 14)] == [
        "bought",
        "in the cart",
        "just seen",
        "sold out or withdrawn",
    ]
    assert 14 not in {pick.product_id for pick in explanation.picks}


def test_another_colour_of_what_was_bought_is_told_as_such(ranker: Ranker, event: Events) -> None:
    explanation = explain(
        fold(NOBODY, [event(1, EventType.PURCHASE)]), ranker, frozenset(), length=ALL
    )

    assert verdicts(explanation)[2] == "bought in another colour"


def test_a_candidate_over_the_cap_is_told_from_one_too_weak(ranker: Ranker, event: Events) -> None:
    # Nothing trends here: all picks but the new ones are neighbours.
    uncapped = replace(ranker, trends=Trends())
    settings = ranker.settings.model_copy(update={"category_cap": 3, "category_cap_from": 3})
    capped = replace(uncapped, settings=settings)
    shopper = fold(NOBODY, [event(number) for number in (28, 19, 10, 1)])

    told = verdicts(explain(shopper, capped, frozenset(), length=ALL))

    picks, wanted = (
        {pick.product_id for pick in by.rank(shopper) if pick.because_of}
        for by in (capped, uncapped)
    )
    too_many = {product for product, verdict in told.items() if verdict.startswith("too many")}
    assert len(picks) == 6
    assert too_many == wanted - picks
    assert "below the last pick" in {told[product] for product in told.keys() - wanted}


def test_no_more_candidates_are_told_than_asked_for(ranker: Ranker, event: Events) -> None:
    explanation = explain(fold(NOBODY, [event(20)]), ranker, frozenset(), length=4)

    assert [candidate.product_id for candidate in explanation.candidates] == [21, 22, 23, 24]


class TestStoredPicks:
    @pytest.fixture
    def stored(self, ranker: Ranker, event: Events) -> Shopper:
        shopper = fold(NOBODY, [event(20)])
        return replace(shopper, picks=ranker.rank(shopper)[:3], model="model-1")

    def test_they_are_explained_while_their_model_is_in_use(
        self, ranker: Ranker, stored: Shopper
    ) -> None:
        explanation = explain(stored, ranker, frozenset(), length=ALL)

        assert explanation.are_stored
        assert explanation.picks == stored.picks

    @pytest.mark.parametrize("changed", [{"model": "model-0"}, {"picks": ()}])
    def test_else_fresh_ones_are(
        self, ranker: Ranker, stored: Shopper, changed: dict[str, object]
    ) -> None:
        explanation = explain(replace(stored, **changed), ranker, frozenset(), length=ALL)  # type: ignore[arg-type]

        assert not explanation.are_stored
        assert explanation.picks == ranker.rank(stored)

    def test_so_are_fresh_ones_where_an_experiment_ranks_otherwise(
        self, ranker: Ranker, stored: Shopper
    ) -> None:
        explanation = explain(stored, ranker, frozenset(), length=ALL, may_be_stored=False)

        assert not explanation.are_stored


def test_a_stranger_has_picks_without_candidates(ranker: Ranker) -> None:
    explanation = explain(NOBODY, ranker, frozenset(), length=ALL)

    assert (explanation.anchors, explanation.candidates) == ((), ())
    assert explanation.picks


def test_before_the_first_model_there_are_no_candidates(
    settings: InteractionsSettings, trends: Trends, event: Events
) -> None:
    ranker = Ranker(settings, None, trends)

    explanation = explain(fold(NOBODY, [event(20)]), ranker, frozenset(), length=ALL)

    assert explanation.candidates == ()
    assert len(explanation.anchors) == 1
