"""The fold: indifferent to order and repetition, and undoing what is undone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fashion_contracts.events import PRODUCT_TYPES, EventType, Interaction
from fashion_contracts.picks import HISTORY_LENGTH, Shopper
from recommender.interactions.fold import fold

START = datetime(2026, 5, 1, tzinfo=UTC)
NOBODY = Shopper("shopper")

EVENTS = st.builds(
    lambda number, product, type_, seconds: Interaction(
        event_id=f"event-{number}",
        type=type_,
        user_id="shopper",
        session_id="s",
        product_id=product,
        event_time=START + timedelta(seconds=seconds),
        received_at=START + timedelta(days=1),
    ),
    st.integers(0, 10**6),
    st.integers(1, 30),
    st.sampled_from(sorted(PRODUCT_TYPES)),
    st.floats(0, 60),
)
STREAMS = st.lists(EVENTS, max_size=60, unique_by=lambda event: event.event_id)


@given(STREAMS, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_shopper(events: list[Interaction], random: Random) -> None:
    shuffled = random.sample(events, len(events))

    assert fold(NOBODY, shuffled) == fold(NOBODY, events)


@given(STREAMS, st.data())
def test_any_repetition_in_any_batches_gives_the_same_shopper(
    events: list[Interaction], data: st.DataObject
) -> None:
    shopper = NOBODY
    for event in events:
        again = data.draw(st.lists(st.sampled_from(events), max_size=3))
        shopper = fold(shopper, [*again, event])

    assert shopper == fold(NOBODY, events)


def test_history_keeps_the_latest_acts(event: Callable[..., Interaction]) -> None:
    events = [event(product) for product in range(1, 31)]

    seen = [act.product_id for act in fold(NOBODY, events).history]

    assert seen == list(range(31 - HISTORY_LENGTH, 31))


def test_an_event_sent_twice_counts_once(event: Callable[..., Interaction]) -> None:
    sent, again = event(7, event_id="same"), event(7, event_id="same")

    assert len(fold(fold(NOBODY, [sent]), [again]).history) == 1


def test_removing_from_the_cart_undoes_adding(event: Callable[..., Interaction]) -> None:
    events = [event(7, EventType.ADD_TO_CART), event(7, EventType.REMOVE_FROM_CART)]

    assert fold(NOBODY, events).in_cart == set()


def test_adding_again_after_removing_holds(event: Callable[..., Interaction]) -> None:
    types = (EventType.ADD_TO_CART, EventType.REMOVE_FROM_CART, EventType.ADD_TO_CART)

    assert fold(NOBODY, [event(7, type_) for type_ in types]).in_cart == {7}


def test_a_purchase_takes_the_product_from_the_cart_to_the_bought(
    event: Callable[..., Interaction],
) -> None:
    shopper = fold(NOBODY, [event(7, EventType.ADD_TO_CART), event(7, EventType.PURCHASE)])

    assert (shopper.in_cart, shopper.owned) == (set(), {7})


def test_a_refund_undoes_the_purchase(event: Callable[..., Interaction]) -> None:
    shopper = fold(NOBODY, [event(7, EventType.PURCHASE), event(7, EventType.REFUND)])

    assert shopper.owned == set()


def test_a_late_older_event_does_not_come_before_newer_ones(
    event: Callable[..., Interaction],
) -> None:
    newer = event(1, at=START + timedelta(minutes=5))
    older = event(2, at=START)

    assert [act.product_id for act in fold(fold(NOBODY, [newer]), [older]).history] == [2, 1]


def test_a_clock_that_is_ahead_is_not_believed(event: Callable[..., Interaction]) -> None:
    ahead = event(1, at=START, event_time=START + timedelta(days=365))
    honest = event(2, at=START + timedelta(minutes=1))

    assert [act.product_id for act in fold(NOBODY, [ahead, honest]).history] == [1, 2]


def test_an_event_told_with_two_times_counts_at_its_first_in_any_order(
    event: Callable[..., Interaction],
) -> None:
    told = [event(1, event_id="same", at=START + timedelta(minutes=n)) for n in (1, 2)]

    assert fold(NOBODY, told).history == fold(NOBODY, told[::-1]).history
