"""Team draft: one list of two, in which neither is favoured."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_contracts.picks import Pick, Reason, Source
from recommender.experiments.interleaving import interleave

LISTS = st.lists(st.integers(1, 30), unique=True, max_size=24)
LENGTHS = st.integers(1, 24)


def picks(product_ids: Sequence[int], reason: Reason = Reason.VIEWED) -> list[Pick]:
    return [Pick(product_id, 0.5, Source.SESSION, reason) for product_id in product_ids]


def drafted(
    control: Sequence[int], treatment: Sequence[int], length: int, seed: str
) -> tuple[list[int], list[int], list[int]]:
    """Return the products of the list, and those of each team."""
    shown, teams = interleave(picks(control), picks(treatment), length, seed)
    ids = [pick.product_id for pick in shown]
    sides: tuple[list[int], list[int]] = ([], [])
    for place, product_id in enumerate(ids):
        sides[teams >> place & 1].append(product_id)
    assert teams < 2 ** len(ids)
    return ids, *sides


@given(LISTS, LISTS, LENGTHS, st.text())
def test_no_product_comes_twice_and_none_is_missing(
    control: list[int], treatment: list[int], length: int, seed: str
) -> None:
    shown, _, _ = drafted(control, treatment, length, seed)

    assert len(set(shown)) == len(shown)
    assert len(shown) == min(length, len({*control, *treatment}))
    assert set(shown) <= {*control, *treatment}


@given(LISTS, LISTS, LENGTHS, st.text())
def test_each_team_keeps_the_order_of_its_list_and_takes_its_best(
    control: list[int], treatment: list[int], length: int, seed: str
) -> None:
    shown, *sides = drafted(control, treatment, length, seed)

    for side, own in zip(sides, (control, treatment), strict=True):
        assert side == sorted(side, key=own.index)
        if side:
            before = own[: own.index(side[-1])]
            assert set(before) <= set(shown)


@given(LISTS, LISTS, LENGTHS, st.text())
def test_teams_differ_by_no_more_than_one_while_both_have_products(
    control: list[int], treatment: list[int], length: int, seed: str
) -> None:
    _, teams = interleave(picks(control), picks(treatment), length, seed)
    shortest = min(len(set(control)), len(set(treatment)), length) // 2

    of_treatment = (teams & (2 ** (2 * shortest) - 1)).bit_count()

    assert of_treatment == shortest


@given(LISTS, LISTS, LENGTHS, st.text())
def test_the_same_seed_gives_the_same_list(
    control: list[int], treatment: list[int], length: int, seed: str
) -> None:
    assert drafted(control, treatment, length, seed) == drafted(control, treatment, length, seed)


def test_each_position_is_either_teams_half_of_the_time() -> None:
    rounds, length = 4_000, 8
    same = list(range(1, length + 1))
    first_is_treatments = [0] * length
    for number in range(rounds):
        _, teams = interleave(picks(same), picks(same), length, f"answer-{number}")
        for place in range(length):
            first_is_treatments[place] += teams >> place & 1

    for count in first_is_treatments:
        assert count / rounds == pytest.approx(0.5, abs=4 * 0.5 / rounds**0.5)


def test_a_pick_is_shown_as_its_team_ranked_it() -> None:
    control, treatment = picks([1, 2, 3, 4]), picks([4, 3, 2, 1], Reason.TRENDING)

    shown, teams = interleave(control, treatment, 4, "seed")

    reasons = [Reason.TRENDING if teams >> place & 1 else Reason.VIEWED for place in range(4)]
    assert [pick.reason for pick in shown] == reasons
