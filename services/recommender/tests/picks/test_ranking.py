"""Ranking: what is never shown, what comes first, and what fills the rest."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import PICKS_LENGTH, Reason, Shopper, Source
from recommender.interactions.fold import fold
from recommender.model.artefact import Model, ModelContent, ModelProduct, to_bytes
from recommender.model.layers import LayeredModel, layered
from recommender.picks.ranking import Ranker, anchors_of, scopes_of
from recommender.settings import InteractionsSettings
from recommender.trends.schemas import Trends

Events = Callable[..., Interaction]
NOBODY = Shopper("shopper")


@pytest.fixture
def ranker(settings: InteractionsSettings, layers: LayeredModel | None, trends: Trends) -> Ranker:
    return Ranker(settings, layers, trends)


def product_ids(ranker: Ranker, shopper: Shopper) -> list[int]:
    return [pick.product_id for pick in ranker.rank(shopper)]


def test_the_latest_products_neighbours_come_first(ranker: Ranker, event: Events) -> None:
    assert product_ids(ranker, fold(NOBODY, [event(3), event(20)]))[:2] == [21, 22]


def test_a_pick_says_because_of_what(ranker: Ranker, event: Events) -> None:
    first = ranker.rank(fold(NOBODY, [event(20)]))[0]

    assert (first.because_of, first.reason, first.source) == (20, Reason.VIEWED, Source.SESSION)
    assert first.score == 1


def test_what_speaks_from_an_earlier_session_says_so(ranker: Ranker, event: Events) -> None:
    long_ago, now = event(3), event(25, at=event().event_time.replace(hour=20))

    sources = {p.because_of: p.source for p in ranker.rank(fold(NOBODY, [long_ago, now]))}

    assert sources[3] is Source.USER
    assert sources[25] is Source.SESSION


def test_a_product_in_the_cart_says_more_than_a_later_view(ranker: Ranker, event: Events) -> None:
    shopper = fold(NOBODY, [event(3, EventType.ADD_TO_CART), event(20)])

    first = ranker.rank(shopper)[0]

    assert (first.because_of, first.reason) == (3, Reason.CARTED)


def test_what_left_the_cart_says_no_more_than_a_view(ranker: Ranker, event: Events) -> None:
    types = (EventType.ADD_TO_CART, EventType.REMOVE_FROM_CART)
    shopper = fold(NOBODY, [event(3, type_) for type_ in types])

    assert ranker.rank(shopper)[0].reason is Reason.VIEWED


def test_what_was_given_back_says_no_more_than_a_view(
    settings: InteractionsSettings, event: Events
) -> None:
    shopper = fold(NOBODY, [event(3, EventType.PURCHASE), event(3, EventType.REFUND)])

    assert [anchor.reason for anchor in anchors_of(shopper, settings)] == [Reason.VIEWED]


def test_only_the_latest_distinct_products_speak(
    settings: InteractionsSettings, event: Events
) -> None:
    shopper = fold(NOBODY, [event(number) for number in range(1, 16)])

    latest = list(range(15, 15 - settings.anchors, -1))
    assert [a.product_id for a in anchors_of(shopper, settings)] == latest


@pytest.mark.parametrize("type_", [EventType.PRODUCT_VIEW, EventType.ADD_TO_CART])
def test_seen_and_carted_products_are_not_shown(
    ranker: Ranker, event: Events, type_: EventType
) -> None:
    shopper = fold(NOBODY, [event(20), event(21, type_)])

    assert {20, 21}.isdisjoint(product_ids(ranker, shopper))


def test_a_bought_product_is_not_shown_in_another_colour(ranker: Ranker, event: Events) -> None:
    shopper = fold(NOBODY, [event(1, EventType.PURCHASE)])

    assert {1, 2}.isdisjoint(product_ids(ranker, shopper))


def test_a_cart_that_the_history_has_forgotten_is_still_not_shown(
    ranker: Ranker, event: Events
) -> None:
    views = [event(20, event_id=f"view-{number}") for number in range(25)]
    shopper = fold(NOBODY, [event(21, EventType.ADD_TO_CART, at=views[0].event_time), *views])

    assert 21 not in shopper.seen
    assert 21 not in product_ids(ranker, shopper)


def test_trending_fills_what_neighbours_leave(ranker: Ranker, event: Events) -> None:
    picks = ranker.rank(fold(NOBODY, [event(38)]))

    assert [p.product_id for p in picks if p.source is Source.SESSION] == [39, 40]
    assert [p.product_id for p in picks if p.source is Source.TRENDING] == [*range(30, 38)]


def test_one_rank_is_kept_for_a_new_product_and_the_last_for_trending(
    ranker: Ranker, settings: InteractionsSettings, event: Events
) -> None:
    picks = ranker.rank(fold(NOBODY, [event(2), event(4), event(6), event(8), event(10)]))

    assert picks[settings.new_product_rank - 1].source is Source.NEWEST
    assert picks[-1].source is Source.TRENDING


def test_a_stranger_sees_what_is_trending_first(ranker: Ranker) -> None:
    assert product_ids(ranker, NOBODY)[:3] == [30, 31, 32]


def test_the_shoppers_own_category_trends_before_the_whole_shop(
    settings: InteractionsSettings, layers: LayeredModel | None, event: Events
) -> None:
    trends = Trends({"global": ((30, 1.0),), "category#Apparel": ((33, 1.0), (35, 0.5))})

    picks = Ranker(settings, layers, trends).rank(fold(NOBODY, [event(39)]))

    fillers = [(p.product_id, p.source) for p in picks if p.source is not Source.SESSION]
    assert fillers[:2] == [(33, Source.SEGMENT), (35, Source.SEGMENT)]
    assert (30, Source.TRENDING) in fillers


def test_the_segment_is_where_most_of_the_interest_lies(
    settings: InteractionsSettings, layers: LayeredModel | None, event: Events
) -> None:
    shopper = fold(NOBODY, [event(33), event(35), event(40)])

    scopes = scopes_of(anchors_of(shopper, settings), layers)

    assert scopes == ["segment#Women#Apparel", "category#Apparel", "gender#Women"]


def test_what_the_last_hours_taught_is_added_to_the_model(
    settings: InteractionsSettings, model: Model, event: Events
) -> None:
    products = [ModelProduct(number, "", "", "", "") for number in (20, 101)]
    rows = {20: [(101, 9.0), (20, 0.1)], 101: [(20, 1.0)]}
    delta = Model.from_bytes(to_bytes(ModelContent("delta", "", None, products, rows)))
    both = layered(model, delta, 0.5)
    assert both is not None

    picks = Ranker(settings, both, Trends()).rank(fold(NOBODY, [event(20)]))

    assert both.version == "model-1"
    assert [pick.product_id for pick in picks[:2]] == [101, 21]
    new_one = Ranker(settings, both, Trends()).rank(fold(NOBODY, [event(101)]))[0]
    assert (new_one.product_id, new_one.because_of) == (20, 101)


def test_no_product_comes_twice(ranker: Ranker, event: Events) -> None:
    ids = product_ids(ranker, fold(NOBODY, [event(25), event(28)]))

    assert len(ids) == len(set(ids))


def test_a_category_does_not_take_every_rank(
    settings: InteractionsSettings, layers: LayeredModel | None, trends: Trends, event: Events
) -> None:
    capped = settings.model_copy(update={"category_cap": 3, "category_cap_from": 2})
    shopper = fold(NOBODY, [event(5)])

    picks = Ranker(capped, layers, trends).rank(shopper)

    personal = [p.product_id % 2 for p in picks if p.source is Source.SESSION]
    assert (personal.count(0), personal.count(1)) == (3, 3)


def test_without_a_model_there_are_trends(
    settings: InteractionsSettings, trends: Trends, event: Events
) -> None:
    shopper = fold(NOBODY, [event(30)])

    ids = product_ids(Ranker(settings, None, trends), shopper)

    assert ids == list(range(31, 40))


def test_without_model_and_trends_there_is_what_is_new(settings: InteractionsSettings) -> None:
    picks = Ranker(settings, None, Trends(), newest=(9, 8, 7)).rank(NOBODY)

    assert {pick.product_id for pick in picks} == {7, 8, 9}
    assert {pick.source for pick in picks} == {Source.NEWEST}


def test_with_nothing_known_there_is_nothing(settings: InteractionsSettings) -> None:
    assert Ranker(settings, None, Trends()).rank(NOBODY) == ()


def test_new_products_get_their_chance_with_different_shoppers(
    settings: InteractionsSettings, layers: LayeredModel | None
) -> None:
    ranker = Ranker(settings, layers, Trends({"global": ((30, 1.0),) * 30}))
    shown = {
        pick.product_id
        for number in range(20)
        for pick in ranker.rank(replace(NOBODY, user_id=f"shopper-{number}"))[1:2]
    }

    assert shown == {39, 40}


def test_a_product_the_model_does_not_know_still_gives_picks(ranker: Ranker, event: Events) -> None:
    assert ranker.rank(fold(NOBODY, [event(4_000_000_000)]))


def test_there_are_never_more_picks_than_fit(ranker: Ranker, event: Events) -> None:
    shopper = fold(NOBODY, [event(number) for number in (1, 5, 9, 13)])

    assert len(ranker.rank(shopper)) <= PICKS_LENGTH
