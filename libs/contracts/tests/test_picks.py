"""The shopper's item: nothing is lost in packing, and it never outgrows one write unit."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_contracts.picks import (
    BOUGHT_LENGTH,
    CART_LENGTH,
    HISTORY_LENGTH,
    INTEREST_TYPES,
    ITEM_LIMIT_BYTES,
    PICKS_LENGTH,
    Act,
    Mark,
    Pick,
    Reason,
    Shopper,
    Source,
    instant_of,
    item_size,
    pack_sequence,
    rounded_score,
    ticks_of,
)

PRODUCT_IDS = st.integers(1, 2**32 - 1)
TICKS = st.integers(0, (2**32 - 1) * 16)
ACTS = st.builds(
    Act, TICKS, st.integers(0, 2**32 - 1), PRODUCT_IDS, st.sampled_from(INTEREST_TYPES)
)
MARKS = st.builds(Mark, TICKS, st.booleans(), PRODUCT_IDS)


@st.composite
def shoppers(draw: st.DrawFn) -> Shopper:
    history = tuple(sorted(draw(st.lists(ACTS, max_size=HISTORY_LENGTH))))
    anchors = st.sampled_from([act.product_id for act in history]) if history else st.none()
    picks = st.builds(
        Pick,
        PRODUCT_IDS,
        st.floats(0, 1).map(rounded_score),
        st.sampled_from(Source),
        st.sampled_from(Reason),
        st.none() | anchors,
    )
    return Shopper(
        draw(st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True)),
        history,
        tuple(sorted(draw(st.lists(MARKS, max_size=CART_LENGTH)))),
        tuple(sorted(draw(st.lists(MARKS, max_size=BOUGHT_LENGTH)))),
        tuple(draw(st.lists(picks, max_size=PICKS_LENGTH))),
        draw(st.integers(-1, 10**56)),
        draw(st.none() | st.just("01JZ0000000000000000000000")),
        draw(st.integers(0, 2**33)),
    )


@given(shoppers())
def test_a_packed_shopper_reads_back_the_same(shopper: Shopper) -> None:
    assert Shopper.from_attributes(shopper.to_attributes()) == shopper


@given(shoppers())
def test_packing_what_was_read_gives_the_same_bytes(shopper: Shopper) -> None:
    item = shopper.to_attributes()

    assert Shopper.from_attributes(item).to_attributes() == item


def test_the_largest_item_costs_one_write_unit() -> None:
    act = Act(ticks_of(datetime(2026, 5, 1, tzinfo=UTC)), 2**32 - 1, 2**32 - 1, INTEREST_TYPES[-1])
    mark = Mark(act.ticks, True, 2**32 - 1)
    pick = Pick(2**32 - 1, 1.0, Source.SESSION, Reason.BOUGHT, act.product_id)
    shopper = Shopper(
        "x" * 64,
        (act,) * HISTORY_LENGTH,
        (mark,) * CART_LENGTH,
        (mark,) * BOUGHT_LENGTH,
        (pick,) * PICKS_LENGTH,
        10**56,
        "01JZ0000000000000000000000",
        2**33,
    )

    assert item_size(shopper.to_attributes()) <= ITEM_LIMIT_BYTES


def test_clicks_of_one_second_keep_their_order() -> None:
    first = datetime(2026, 5, 1, 12, 0, 0, 100_000, tzinfo=UTC)
    second = datetime(2026, 5, 1, 12, 0, 0, 200_000, tzinfo=UTC)

    assert ticks_of(first) < ticks_of(second)


@pytest.mark.parametrize("year", [1, 1900, 9999])
def test_an_absurd_time_still_packs(year: int) -> None:
    ticks = ticks_of(datetime(year, 1, 1, tzinfo=UTC))
    shopper = Shopper("u", (Act(ticks, 1, 1, INTEREST_TYPES[0]),))

    assert Shopper.from_attributes(shopper.to_attributes()) == shopper


def test_ticks_read_back_within_a_sixteenth_of_a_second() -> None:
    instant = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)

    assert instant_of(ticks_of(instant)) == instant


def test_sequence_numbers_grow_as_numbers_do() -> None:
    assert int.from_bytes(pack_sequence(10**20)) > int.from_bytes(pack_sequence(9))


def test_an_undone_mark_no_longer_counts() -> None:
    shopper = Shopper("u", cart=(Mark(1, True, 7), Mark(2, False, 8)), bought=(Mark(3, False, 9),))

    assert (shopper.in_cart, shopper.owned, shopper.last_ticks) == ({8}, {9}, 3)


def test_every_reason_has_its_code() -> None:
    assert len({reason.code for reason in Reason}) == len(Reason)
