"""Which shards may be read, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.lineage import Shard, is_complete, parents_first, readable

SPLIT = (Shard("old"), Shard("left", ("old",)), Shard("right", ("old",)))
MERGE = (Shard("one"), Shard("other"), Shard("both", ("one", "other")))


@st.composite
def families(draw: st.DrawFn) -> list[Shard]:
    """Draw shards of which each descends from up to two earlier ones, in any order."""
    shards: list[Shard] = []
    for number in range(draw(st.integers(1, 12))):
        ids = [shard.shard_id for shard in shards]
        parents = draw(st.lists(st.sampled_from(ids), max_size=2, unique=True)) if ids else []
        shards.append(Shard(str(number), tuple(parents)))
    return draw(st.permutations(shards))


@pytest.mark.parametrize(
    ("shards", "finished", "expected"),
    [
        (SPLIT, set(), ["old"]),
        (SPLIT, {"old"}, ["left", "right"]),
        (SPLIT, {"old", "left"}, ["right"]),
        (SPLIT[1:], set(), ["left", "right"]),
        (MERGE, set(), ["one", "other"]),
        (MERGE, {"one"}, ["other"]),
        (MERGE, {"one", "other"}, ["both"]),
        (MERGE[1:], {"other"}, ["both"]),
    ],
)
def test_a_shard_is_read_when_every_parent_is_finished_or_expired(
    shards: tuple[Shard, ...], finished: set[str], expected: list[str]
) -> None:
    assert [shard.shard_id for shard in readable(shards, finished.__contains__)] == expected


@given(families())
def test_every_shard_comes_once_and_after_its_parents(shards: list[Shard]) -> None:
    order = [shard.shard_id for shard in parents_first(shards)]
    assert sorted(order) == sorted(shard.shard_id for shard in shards)
    for shard in shards:
        assert all(order.index(parent) < order.index(shard.shard_id) for parent in shard.parents)


@pytest.mark.parametrize(
    ("shards", "finished", "expected"),
    [
        (SPLIT, {"old"}, True),
        (SPLIT[:1], set(), True),
        (SPLIT[:1], {"old"}, False),
        (MERGE, {"one", "other"}, True),
        (MERGE[:2], {"one"}, False),
        ((), set(), False),
    ],
)
def test_a_list_without_the_children_of_what_has_ended_is_not_complete(
    shards: tuple[Shard, ...], finished: set[str], expected: bool
) -> None:
    assert is_complete(shards, finished.__contains__) is expected
