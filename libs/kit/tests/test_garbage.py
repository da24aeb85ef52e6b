"""What a service sets aside for as long as it runs."""

import gc
from collections.abc import Iterator

import pytest

from fashion_kit.garbage import THRESHOLDS, calm_garbage_collection


@pytest.fixture
def _nothing_set_aside() -> Iterator[None]:
    """Give back what the test run has set aside, until the test has ended."""
    gc.unfreeze()
    yield
    gc.collect()
    gc.freeze()


@pytest.mark.usefixtures("_nothing_set_aside")
def test_what_is_there_is_set_aside_until_the_service_stops() -> None:
    before = gc.get_threshold()
    with calm_garbage_collection():
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


@pytest.mark.usefixtures("_nothing_set_aside")
def test_a_second_service_of_the_process_leaves_what_the_first_set_aside() -> None:
    with calm_garbage_collection():
        set_aside = gc.get_freeze_count()
        with calm_garbage_collection():
            pass
        assert gc.get_freeze_count() == pytest.approx(set_aside, rel=0.01)
        assert gc.get_threshold() == THRESHOLDS
