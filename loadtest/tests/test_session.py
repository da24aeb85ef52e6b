"""The session model against what was measured on a real clothing shop's clickstream."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from math import log
from random import Random
from statistics import linear_regression, mean

import pytest

from loadtest.habits import HABITS
from loadtest.personas import draw_tastes
from loadtest.session import Session, Step, StepKind
from loadtest.shelf import Shelf, ShelfProduct
from loadtest.walk import Walk

SESSIONS = 20_000
TOLERANCE = 0.1

Clicks = list[ShelfProduct]
Weights = dict[int, dict[int, float]]

NOTHING_TAKES_THE_EYE = replace(HABITS, eye_catcher_share=0.0)
ONLY_WHAT_TAKES_THE_EYE = replace(HABITS, click_pick_share=0.0)


def make_shelf(count: int, categories: int, colours: int) -> Shelf:
    rng = Random(count)
    return Shelf(
        ShelfProduct(
            id=number,
            category=f"category {min(int(rng.expovariate(0.5)), categories - 1)}",
            colour=f"colour {min(int(rng.expovariate(0.25)), colours - 1)}",
            price=Decimal(rng.randint(200, 5000)),
            gender=rng.choice(("Men", "Women", "Unisex")),
        )
        for number in range(1, count + 1)
    )


def walk(shelf: Shelf, number: int, *, may_buy: bool = True) -> list[Step]:
    rng = Random(f"session {number}")
    return [*Session(draw_tastes(rng, shelf.market), shelf, rng, may_buy=may_buy).steps()]


def clicks_of(steps: list[Step]) -> Clicks:
    return [step.product for step in steps if step.kind == "view_product" and step.product]


def close_to(expected: float) -> object:
    return pytest.approx(expected, rel=TOLERANCE)


@pytest.fixture(scope="module")
def lengths() -> list[int]:
    rng = Random(1)
    return sorted(HABITS.draw_length(rng) for _ in range(SESSIONS))


class TestLength:
    def test_mean_is_as_measured(self, lengths: list[int]) -> None:
        assert mean(lengths) == close_to(6.9)

    @pytest.mark.parametrize(("share", "clicks"), [(0.5, 4), (0.75, 8), (0.9, 16), (0.99, 42)])
    def test_quantiles_are_as_measured(self, lengths: list[int], share: float, clicks: int) -> None:
        assert lengths[int(share * SESSIONS)] == close_to(clicks)

    def test_share_of_one_click_sessions_is_as_measured(self, lengths: list[int]) -> None:
        assert lengths.count(1) / SESSIONS == close_to(0.21)


@pytest.fixture(scope="module")
def sessions() -> list[Clicks]:
    """Sessions in a shop of the measured one's size: 217 products, 4 categories, 14 colours."""
    shelf = make_shelf(217, categories=4, colours=14)
    return [clicks_of(walk(shelf, number)) for number in range(SESSIONS)]


@pytest.fixture(scope="module")
def ranking(sessions: list[Clicks]) -> list[int]:
    counts = Counter(product.id for clicks in sessions for product in clicks)
    return sorted(counts.values(), reverse=True)


def transitions(sessions: list[Clicks]) -> Iterator[tuple[ShelfProduct, ShelfProduct, bool]]:
    """Yield each click but the first with the one before it, and whether it was seen already."""
    for clicks in sessions:
        seen = set()
        for before, after in pairwise(clicks):
            seen.add(before.id)
            yield before, after, after.id in seen


class TestTransitions:
    def test_next_click_stays_in_the_category_as_often_as_measured(
        self, sessions: list[Clicks]
    ) -> None:
        assert mean(a.category == b.category for a, b, _ in transitions(sessions)) == close_to(0.81)

    def test_next_click_stays_with_the_colour_as_often_as_measured(
        self, sessions: list[Clicks]
    ) -> None:
        assert mean(a.colour == b.colour for a, b, _ in transitions(sessions)) == close_to(0.26)

    def test_products_are_seen_again_as_often_as_measured(self, sessions: list[Clicks]) -> None:
        assert mean(again for _, _, again in transitions(sessions)) == close_to(0.11)


class TestPopularity:
    def test_clicks_fall_with_the_rank_as_measured(self, ranking: list[int]) -> None:
        ranks = [log(rank) for rank in range(1, 101)]
        slope = linear_regression(ranks, [log(count) for count in ranking[:100]]).slope
        assert slope == close_to(-0.45)

    def test_top_50_get_the_measured_share_of_clicks(self, ranking: list[int]) -> None:
        assert sum(ranking[:50]) / sum(ranking) == close_to(0.51)

    def test_slope_stays_in_a_shop_of_5000(self) -> None:
        shelf = make_shelf(5000, categories=20, colours=30)
        counts = Counter(p.id for n in range(2500) for p in clicks_of(walk(shelf, n)))
        top = sorted(counts.values(), reverse=True)[:100]
        ranks = [log(rank) for rank in range(1, 101)]
        slope = linear_regression(ranks, [log(count) for count in top]).slope
        assert slope == pytest.approx(-0.45, rel=0.2)


def seen_together(sessions: list[list[int]]) -> Weights:
    """Weigh which products follow which, and a quarter as much which go before."""
    clicks = Counter(product for session in sessions for product in session)
    together: Weights = defaultdict(lambda: defaultdict(float))
    for session in sessions:
        for at, before in enumerate(session):
            for apart, after in enumerate(session[at + 1 : at + 11], start=1):
                together[before][after] += apart**-1.5 / clicks[after] ** 0.25
                together[after][before] += apart**-1.5 / clicks[before] ** 0.25 / 4
    return together


def rank_of(wanted: int, seen: list[int], together: Weights) -> int | None:
    """Return the wanted product's rank by the last five looked at; None from the 21st on."""
    scores: dict[int, float] = defaultdict(float)
    for age, product in enumerate([*dict.fromkeys(reversed(seen))][:5]):
        total = sum(together[product].values())
        for other, count in together[product].items():
            if other not in seen:
                scores[other] += 0.25**age * count / total
    best = sorted(scores, key=scores.__getitem__, reverse=True)[:20]
    return best.index(wanted) + 1 if wanted in best else None


class TestTaste:
    def test_what_is_looked_at_together_foretells_the_next_click_as_measured(
        self, sessions: list[Clicks]
    ) -> None:
        """By nine sessions in ten: is the next new product among the first 20, and where?"""
        ids = [[product.id for product in clicks] for clicks in sessions]
        learnt, tested = ids[: SESSIONS * 9 // 10], ids[SESSIONS * 9 // 10 :]
        together = seen_together(learnt)
        ranks = [
            rank_of(clicks[at], clicks[:at], together)
            for clicks in tested
            for at in range(1, len(clicks))
            if clicks[at] not in clicks[:at]
        ]
        assert mean(rank is not None for rank in ranks) == close_to(0.725)
        assert mean(1 / rank if rank else 0.0 for rank in ranks) == close_to(0.287)

    def test_people_look_at_what_is_for_them(self, shelf: Shelf) -> None:
        for number in range(100):
            rng = Random(number)
            tastes = draw_tastes(rng, shelf.market)
            clicks = clicks_of([*Session(tastes, shelf, rng).steps()])
            assert {product.gender for product in clicks} <= tastes.genders


class TestSteps:
    def test_the_same_seed_makes_the_same_session(self, shelf: Shelf) -> None:
        assert walk(shelf, 5) == walk(shelf, 5)
        assert walk(shelf, 5) != walk(shelf, 6)

    def test_length_is_the_number_of_products_looked_at(self, shelf: Shelf) -> None:
        for number in range(100):
            rng = Random(number)
            session = Session(draw_tastes(rng, shelf.market), shelf, rng)
            assert len(clicks_of([*session.steps()])) == session.length

    def test_a_session_begins_with_recommendations_a_list_or_a_search(self, shelf: Shelf) -> None:
        firsts = {walk(shelf, number)[0].kind for number in range(100)}
        assert firsts == {StepKind.VIEW_PICKS, StepKind.VIEW_LIST, StepKind.SEARCH}

    def test_who_finds_something_on_the_first_page_needs_no_list(self, shelf: Shelf) -> None:
        offered = shelf.most_popular(60)
        began_there = 0
        for number in range(60):
            rng = Random(number)
            tastes = draw_tastes(rng, shelf.market)
            session = Session(tastes, shelf, rng, habits=NOTHING_TAKES_THE_EYE)
            session.offer(offered)
            steps = session.steps()
            first = next(step for step in steps if step.kind is not StepKind.VIEW_PICKS)
            if first.pick_position is not None:
                began_there += 1
                assert first.product == offered[first.pick_position]
                assert first.product.category in tastes.categories
        assert began_there > 20

    def test_every_pause_is_positive(self, shelf: Shelf) -> None:
        assert all(step.think_seconds > 0 for n in range(50) for step in walk(shelf, n))

    def test_nothing_goes_into_the_cart_that_was_not_looked_at(self, shelf: Shelf) -> None:
        for number in range(300):
            seen: set[int] = set()
            for step in walk(shelf, number):
                if step.kind is StepKind.VIEW_PRODUCT:
                    seen.add(step.product_id)
                elif step.kind in {StepKind.ADD_TO_CART, StepKind.REMOVE_FROM_CART}:
                    assert step.product_id in seen

    def test_who_buys_has_something_in_the_cart_and_went_to_the_checkout(
        self, shelf: Shelf
    ) -> None:
        buyers = 0
        for number in range(500):
            kinds = Counter(step.kind for step in walk(shelf, number))
            if kinds[StepKind.BUY]:
                buyers += 1
                assert kinds[StepKind.CHECKOUT] == kinds[StepKind.BUY] == 1
                assert kinds[StepKind.ADD_TO_CART] > kinds[StepKind.REMOVE_FROM_CART]
        assert buyers > 20

    def test_who_may_not_buy_has_no_cart(self, shelf: Shelf) -> None:
        kinds = {step.kind for n in range(300) for step in walk(shelf, n, may_buy=False)}
        assert not kinds & {StepKind.ADD_TO_CART, StepKind.CHECKOUT, StepKind.BUY}

    def test_a_list_names_no_product(self, shelf: Shelf) -> None:
        with pytest.raises(ValueError, match="view_list is about no product"):
            _ = Step(StepKind.VIEW_LIST, 1.0).product_id

    def test_a_shop_of_one_product_is_no_trap(self) -> None:
        shelf = make_shelf(1, categories=1, colours=1)
        assert all(p.id == 1 for n in range(20) for p in clicks_of(walk(shelf, n)))


class TestOffer:
    def test_offered_products_of_the_wanted_kind_are_taken(self, shelf: Shelf) -> None:
        offered = [p for p in (shelf.get(id) for id in range(1001, 1301)) if p is not None]
        taken = 0
        for number in range(100):
            rng = Random(number)
            session = Session(draw_tastes(rng, shelf.market), shelf, rng)
            for step in session.steps():
                if step.kind is StepKind.VIEW_PICKS:
                    session.offer(offered)
                if step.pick_position is not None:
                    taken += 1
                    assert offered[step.pick_position] == step.product
        assert taken > 20

    def test_offers_do_not_bend_the_transitions(self) -> None:
        shelf = make_shelf(300, categories=5, colours=8)
        offered = shelf.most_popular(300)
        found: list[Clicks] = []
        caught = 0
        for number in range(1500):
            rng = Random(number)
            way = Walk(draw_tastes(rng, shelf.market), shelf, rng, HABITS)
            clicks = [way.start().product]
            for _ in range(HABITS.draw_length(rng) - 1):
                way.offer(offered)
                caught += way.catch_eye() is not None
                clicks.append(way.go_on(clicks[-1]).product)
            found.append(clicks)
        assert caught > 1000
        assert mean(a.category == b.category for a, b, _ in transitions(found)) == close_to(0.81)

    def test_whole_visits_that_are_shown_what_goes_together_move_as_measured(
        self, sessions: list[Clicks]
    ) -> None:
        """With what takes the eye: a dozen recommendations may not change how people move."""
        shelf = make_shelf(217, categories=4, colours=14)
        together = seen_together([[product.id for product in clicks] for clicks in sessions])
        best = {
            product: sorted(others, key=others.__getitem__, reverse=True)[:12]
            for product, others in together.items()
        }
        visits: list[Clicks] = []
        for number in range(3000):
            rng = Random(number)
            session = Session(draw_tastes(rng, shelf.market), shelf, rng)
            clicks: Clicks = []
            for step in session.steps():
                if step.kind is StepKind.VIEW_PICKS and clicks:
                    found = map(shelf.get, best.get(clicks[-1].id, ()))
                    session.offer([product for product in found if product is not None])
                clicks += clicks_of([step])
            visits.append(clicks)
        assert mean(a.category == b.category for a, b, _ in transitions(visits)) == close_to(0.81)
        assert mean(a.colour == b.colour for a, b, _ in transitions(visits)) == close_to(0.26)

    def test_what_takes_the_eye_is_of_the_own_look_and_looked_at_beside_all_else(
        self, shelf: Shelf
    ) -> None:
        offered = [p for p in (shelf.get(id) for id in range(1001, 1301)) if p is not None]
        more = 0
        for number in range(100):
            rng = Random(number)
            tastes = draw_tastes(rng, shelf.market)
            session = Session(tastes, shelf, rng, habits=ONLY_WHAT_TAKES_THE_EYE)
            views = []
            for step in session.steps():
                if step.kind is StepKind.VIEW_PICKS:
                    session.offer(offered)
                if step.kind is StepKind.VIEW_PRODUCT:
                    views.append(step)
            eye_catchers = [v.product for v in views if v.pick_position is not None and v.product]
            assert {product.look for product in eye_catchers} <= {tastes.look}
            assert len({product.id for product in eye_catchers}) == len(eye_catchers)
            assert len(views) == session.length + len(eye_catchers)
            more += len(eye_catchers)
        assert more > 100

    def test_who_is_shown_what_they_like_fills_a_cart_more_often_and_nobody_else(
        self, shelf: Shelf
    ) -> None:
        def filled(offers: Callable[[ShelfProduct, int], bool] | None) -> float:
            carts = 0
            for number in range(3000):
                rng = Random(number)
                tastes = draw_tastes(rng, shelf.market)
                session = Session(tastes, shelf, rng)
                kinds = set()
                for step in session.steps():
                    kinds.add(step.kind)
                    if offers is not None and step.kind is StepKind.VIEW_PICKS:
                        popular = shelf.part_for(tastes.genders).most_popular(200)
                        session.offer([p for p in popular if offers(p, tastes.look)][:12])
                carts += StepKind.ADD_TO_CART in kinds
            return carts / 3000

        nothing = filled(None)
        assert filled(lambda product, look: product.look == look) > nothing * 1.15
        assert filled(lambda product, look: product.look != look) == pytest.approx(nothing, rel=0.1)
