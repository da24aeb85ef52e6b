"""What is learnt between builds, and going back to an earlier model."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from services.recommender.tests.learning.conftest import NOW, Land

from fashion_contracts.events import Interaction
from recommender.errors import UnknownModelError
from recommender.learning.service import BuildService
from recommender.model.repository import DELTA, ModelRepository

pytestmark = pytest.mark.servers


def test_an_earlier_model_can_be_put_in_use_again(
    past: None, service_at: Callable[..., BuildService], models: ModelRepository
) -> None:
    first = service_at(NOW).build(30, print)
    second = service_at(NOW + timedelta(hours=1)).build(30, print)

    service_at(NOW).roll_back(None)

    pointer = models.pointer()
    assert pointer is not None
    assert pointer.version == first.version
    service_at(NOW).roll_back(second.version)
    assert models.pointer() != pointer
    with pytest.raises(UnknownModelError):
        service_at(NOW).roll_back("no-such-model")


def test_only_the_latest_models_are_kept(
    past: None, service_at: Callable[..., BuildService], models: ModelRepository
) -> None:
    versions = [
        service_at(NOW + timedelta(hours=hour), models_kept=2).build(30, print).version
        for hour in range(3)
    ]

    assert [kept.version for kept in models.kept()] == versions[:0:-1]


class TestRefresh:
    def test_without_a_model_there_is_nothing_to_add_to(
        self, past: None, service_at: Callable[..., BuildService]
    ) -> None:
        assert service_at(NOW).refresh(print) is None

    def test_a_product_added_since_is_recommended_and_has_neighbours(
        self,
        past: None,
        add_products: Any,
        service_at: Callable[..., BuildService],
        models: ModelRepository,
    ) -> None:
        service_at(NOW).build(30, print)
        add_products([101])

        report = service_at(NOW + timedelta(minutes=5)).refresh(print)

        assert report is not None
        assert report.new_products == 1
        delta = models.newer_than(None, DELTA)
        assert delta is not None
        assert delta.neighbours_of(101)[0]
        assert any(101 in delta.neighbours_of(number)[0] for number in range(1, 41))

    def test_what_was_looked_at_in_the_last_hours_is_learnt(
        self,
        past: None,
        land: Land,
        event: Callable[..., Interaction],
        service_at: Callable[..., BuildService],
        models: ModelRepository,
    ) -> None:
        service_at(NOW).build(30, print)
        later = NOW + timedelta(minutes=30)
        visits = [
            event(product, shopper=f"late-{visit}", at=later + timedelta(seconds=product))
            for visit in range(20)
            for product in (2, 39)
        ]
        land((e.to_record() for e in visits), at=later, name="late.gz")

        service_at(later + timedelta(minutes=10)).refresh(print)

        delta = models.newer_than(None, DELTA)
        assert delta is not None
        assert delta.neighbours_of(2)[0][0] == 39
