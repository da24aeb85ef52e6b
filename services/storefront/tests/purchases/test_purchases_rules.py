"""Decisions: what one order takes the next no longer finds, and a refused one takes nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_contracts.events import Interaction
from fashion_kit.errors import ShopError
from fashion_kit.tokens import Identity
from storefront.dependencies import UnknownUserError
from storefront.models import ReservationStatus
from storefront.purchases.answers import Given, Key
from storefront.purchases.errors import (
    EmptyCartError,
    IdempotencyKeyReusedError,
    OutOfStockError,
    RequestInFlightError,
    ReservationUsedError,
)
from storefront.purchases.idempotency import Answer
from storefront.purchases.orders import Decisions, Order, decide, events_of
from storefront.purchases.pricing import Tariff
from storefront.purchases.rules import (
    Allocator,
    Kept,
    Offer,
    OfferedCart,
    PricedLine,
    Snapshot,
    Wanted,
    Wish,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TARIFF = Tariff(Decimal("0.05"), True, Decimal("0.00"), None)
BUYERS = ("ada", "bob")


def offer(stock: int, price: str = "10.00") -> Offer:
    return Offer(Decimal(price), "INR", stock, is_active=True)


def snapshot(
    offers: dict[int, Offer],
    carts: dict[str, OfferedCart] | None = None,
    reservations: dict[str, Kept] | None = None,
) -> Snapshot:
    return Snapshot(NOW, offers, carts or {}, reservations or {})


def order(key: str, wish: Wish, request_hash: str = "h") -> Order:
    return Order(Identity(wish.user_id), Key(wish.user_id, key), request_hash, wish)


def decided(
    orders: Sequence[Order], at: Snapshot, before: dict[Key, Given] | None = None
) -> Decisions:
    ids = count(1)
    allocator = Allocator(at, TARIFF)
    return decide(orders, before or {}, BUYERS, allocator, lambda: f"id-{next(ids)}")


wanted = st.builds(Wanted, st.integers(1, 4), st.integers(1, 3), st.just(frozenset()))
lines = st.lists(wanted, min_size=1, max_size=3, unique_by=lambda one: one.product_id)
wishes = st.builds(Wish, st.sampled_from(BUYERS), lines.map(tuple), st.none(), st.none())
offers = st.dictionaries(st.integers(1, 4), st.integers(0, 6).map(offer))


class TestDecide:
    @given(offers, st.lists(wishes, max_size=8))
    def test_no_more_is_sold_than_there_is_and_nothing_left_could_have_been_sold(
        self, shelves: dict[int, Offer], wished: list[Wish]
    ) -> None:
        orders = [order(str(number), wish) for number, wish in enumerate(wished)]
        decisions = decided(orders, snapshot(shelves))
        left = {product_id: one.stock for product_id, one in shelves.items()}
        for outcome, wish in zip(decisions.outcomes, wished, strict=True):
            fits = all(left.get(one.product_id, -1) >= one.quantity for one in wish.wanted)
            assert isinstance(outcome, Answer) is fits
            if fits:
                for one in wish.wanted:
                    left[one.product_id] -= one.quantity
        assert min(left.values(), default=0) >= 0

    @given(offers, st.lists(wishes, max_size=8))
    def test_every_placed_purchase_has_one_answer_and_its_parts_add_up(
        self, shelves: dict[int, Offer], wished: list[Wish]
    ) -> None:
        orders = [order(str(number), wish) for number, wish in enumerate(wished)]
        decisions = decided(orders, snapshot(shelves))
        good = [one for one in decisions.outcomes if isinstance(one, Answer)]
        assert len(good) == len(decisions.placed) == len(decisions.answers)
        for placed in decisions.placed:
            sale = placed.sale
            assert sum(line.line_total for line in sale.lines) == sale.charge.subtotal
            assert all(line.line_total == line.quantity * line.unit_price for line in sale.lines)

    def test_the_first_comers_get_the_last_units(self) -> None:
        orders = [order(str(number), Wish("ada", (Wanted(1, 2),))) for number in range(3)]
        outcomes = decided(orders, snapshot({1: offer(stock=4)})).outcomes
        assert [isinstance(outcome, Answer) for outcome in outcomes] == [True, True, False]

    def test_what_a_refused_order_wanted_is_there_for_the_next(self) -> None:
        shelves = snapshot({1: offer(stock=1), 2: offer(stock=0)})
        both, one = Wish("ada", (Wanted(1, 1), Wanted(2, 1))), Wish("bob", (Wanted(1, 1),))
        refused, sold = decided([order("a", both), order("b", one)], shelves).outcomes
        assert isinstance(refused, OutOfStockError)
        assert isinstance(sold, Answer)

    def test_a_key_that_comes_twice_is_sold_once(self) -> None:
        twice = order("k", Wish("ada", (Wanted(1, 1),)))
        decisions = decided([twice, twice], snapshot({1: offer(stock=9)}))
        first, again = decisions.outcomes
        assert isinstance(first, Answer)
        assert again == first._replace(is_replay=True)
        assert len(decisions.placed) == 1

    def test_a_key_whose_first_order_was_refused_is_new(self) -> None:
        wishes = Wish("ada", (Wanted(1, 9),)), Wish("ada", (Wanted(1, 1),))
        orders = [order("k", wishes[0], "large"), order("k", wishes[1], "small")]
        refused, sold = decided(orders, snapshot({1: offer(stock=1)})).outcomes
        assert isinstance(refused, OutOfStockError)
        assert isinstance(sold, Answer)

    @pytest.mark.parametrize(
        ("request_hash", "answer", "error"),
        [
            ("other", Answer(201, "{}"), IdempotencyKeyReusedError),
            ("h", None, RequestInFlightError),
        ],
    )
    def test_a_key_of_before_stands_against_another_request_or_without_an_answer(
        self, request_hash: str, answer: Answer | None, error: type[ShopError]
    ) -> None:
        before = {Key("ada", "k"): Given(request_hash, answer)}
        orders = [order("k", Wish("ada", (Wanted(1, 1),)))]
        decisions = decided(orders, snapshot({1: offer(stock=1)}), before)
        assert [type(outcome) for outcome in decisions.outcomes] == [error]
        assert decisions.placed == []

    def test_a_dead_account_buys_nothing(self) -> None:
        decisions = decided([order("k", Wish("eve", (Wanted(1, 1),)))], snapshot({1: offer(1)}))
        assert [type(outcome) for outcome in decisions.outcomes] == [UnknownUserError]

    def test_a_cart_is_bought_once(self) -> None:
        carts = {"c": OfferedCart("ada", (Wanted(1, 1),))}
        orders = [order(key, Wish("ada", cart_id="c")) for key in "ab"]
        first, second = decided(orders, snapshot({1: offer(stock=9)}, carts)).outcomes
        assert isinstance(first, Answer)
        assert isinstance(second, EmptyCartError)

    def test_a_reservation_is_bought_once_at_its_own_price_and_from_no_stock(self) -> None:
        until = NOW + timedelta(minutes=1)
        line = PricedLine(1, 2, Decimal("7.00"))
        kept = Kept("r", "ada", None, ReservationStatus.HELD, until, [line])
        shelves = snapshot({1: offer(stock=0)}, reservations={"r": kept})
        orders = [order(key, Wish("ada", reservation_id="r")) for key in "ab"]
        decisions = decided(orders, shelves)
        assert isinstance(decisions.outcomes[1], ReservationUsedError)
        assert [one.sale.charge.total for one in decisions.placed] == [Decimal("14.00")]


class TestEventsOf:
    @given(lines)
    def test_every_event_is_what_the_contract_demands(self, bought: list[Wanted]) -> None:
        shelves = snapshot({number: offer(stock=9, price="0.99") for number in range(1, 5)})
        placed = decided([order("k", Wish("ada", tuple(bought)))], shelves).placed[0]
        ids = count()
        events = events_of(placed, NOW, lambda: f"event-{next(ids)}")
        assert [(event.product_id, event.quantity) for event in events] == [
            (one.product_id, one.quantity) for one in bought
        ]
        assert len({event.event_id for event in events}) == len(bought)
        for event in events:
            assert Interaction.from_record(event.to_record()) == event
