"""A quota that comes back evenly: what it lets through, and what it remembers."""

from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.edge.limiter import RateLimiter


def limiter(quota: int = 3, entries: int = 10) -> RateLimiter:
    return RateLimiter("test", quota, window_seconds=60, entries=entries)


def test_the_whole_quota_may_come_at_once_and_no_more() -> None:
    three = limiter(3)
    verdicts = [three.take("ann", 0.0) for _ in range(4)]
    assert [verdict.is_allowed for verdict in verdicts] == [True, True, True, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0]
    assert (verdicts[-1].wait_seconds, verdicts[-1].reset_seconds) == (20.0, 60.0)


def test_it_comes_back_evenly() -> None:
    three = limiter(3)
    for _ in range(3):
        three.take("ann", 0.0)
    assert not three.take("ann", 19.9).is_allowed
    assert three.take("ann", 20.0).is_allowed
    assert not three.take("ann", 20.0).is_allowed
    assert three.take("ann", 1_000.0).remaining == 2


def test_who_is_refused_does_not_wait_longer_for_it() -> None:
    one = limiter(1)
    one.take("ann", 0.0)
    assert [one.take("ann", 30.0).wait_seconds for _ in range(3)] == [30.0] * 3


def test_one_key_does_not_count_for_another() -> None:
    one = limiter(1)
    assert one.take("ann", 0.0).is_allowed
    assert one.take("bob", 0.0).is_allowed


def test_the_longest_silent_is_forgotten_first() -> None:
    one = limiter(1, entries=2)
    for key in ("ann", "bob", "ann", "cid"):
        one.take(key, 0.0)
    assert not one.take("ann", 0.0).is_allowed
    assert one.take("bob", 0.0).is_allowed


def test_its_policy_is_a_structured_field() -> None:
    assert limiter(3).policy == '"test";q=3;w=60'


@given(
    quota=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=300),
)
def test_no_window_ever_lets_more_than_twice_the_quota_through(
    quota: int, pauses: list[float]
) -> None:
    counted = limiter(quota)
    now, allowed = 0.0, []
    for pause in pauses:
        now += pause
        verdict = counted.take("ann", now)
        assert 0 <= verdict.remaining < quota
        assert verdict.is_allowed == (verdict.wait_seconds == 0)
        if verdict.is_allowed:
            allowed.append(now)
    for begin in allowed:
        assert sum(begin <= instant < begin + 60 for instant in allowed) <= 2 * quota
