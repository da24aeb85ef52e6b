"""A crowd in the fake shop, for a second."""

from dataclasses import replace
from itertools import pairwise

import httpx
import pytest

from loadtest.crowd import CrowdConfig, CrowdProgress, run_crowd
from loadtest.errors import HostNotAllowedError, ShelfEmptyError, ShopUnreachableError
from loadtest.reports import CrowdReport
from loadtest.testing import FakeShop


@pytest.fixture
def config(addresses: tuple[str, str]) -> CrowdConfig:
    storefront, recommender = addresses
    return CrowdConfig(
        storefront=storefront + "/", recommender=recommender, shoppers=20, seconds=1.0, seed=5
    )


@pytest.fixture
async def report(config: CrowdConfig, transport: httpx.MockTransport) -> CrowdReport:
    return await run_crowd(config, transport=transport)


class TestRunCrowd:
    async def test_everybody_comes_and_is_gone_near_the_end(self, report: CrowdReport) -> None:
        assert 20 <= report.total.visits <= 60
        assert report.seconds < 2

    async def test_the_report_agrees_with_the_shop(
        self, report: CrowdReport, shop: FakeShop
    ) -> None:
        total = report.total
        assert sorted(total.accepted_event_ids) == sorted(shop.events)
        assert {made.id for made in total.purchases} == {placed["id"] for placed in shop.purchases}
        assert total.registrations == len(shop.users) > 0
        # The first look around the shop is nobody's visit.
        assert total.requests == len(shop.requests) - 3
        assert not total.failures

    async def test_some_visitors_stay_anonymous(self, report: CrowdReport, shop: FakeShop) -> None:
        owners = {"user_id" in event for event in shop.events.values()}
        assert owners == {True, False}

    async def test_progress_only_grows(
        self, config: CrowdConfig, transport: httpx.MockTransport
    ) -> None:
        told: list[CrowdProgress] = []
        report = await run_crowd(config, told.append, transport=transport)
        assert all(a.events_accepted <= b.events_accepted for a, b in pairwise(told))
        assert told[-1].inside == 0
        assert told[-1].requests == report.total.requests

    async def test_no_more_requests_are_sent_than_allowed(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        report = await run_crowd(replace(config, max_requests=40), transport=transport)
        assert report.total.requests == 40
        assert len(shop.requests) == 43

    async def test_no_more_visits_go_on_at_once_than_allowed(
        self, config: CrowdConfig, transport: httpx.MockTransport
    ) -> None:
        told: list[CrowdProgress] = []
        await run_crowd(replace(config, concurrency=2), told.append, transport=transport)
        assert max(progress.inside for progress in told) <= 2

    async def test_people_of_another_number_are_other_people(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        first = await run_crowd(config, transport=transport)
        second = await run_crowd(replace(config, first_number=20), transport=transport)
        assert len(shop.users) == first.total.registrations + second.total.registrations

    async def test_the_same_people_come_back_in_another_run(
        self, config: CrowdConfig, transport: httpx.MockTransport
    ) -> None:
        config = replace(config, anonymous_share=0.0, most_visits=1)
        await run_crowd(config, transport=transport)
        again = await run_crowd(config, transport=transport)
        assert again.total.registrations == 0
        assert again.total.failures == 0


class TestRefusals:
    @pytest.mark.parametrize("field", ["storefront", "recommender"])
    async def test_a_strange_machine_is_refused_before_the_first_request(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop, field: str
    ) -> None:
        strange = {**vars(config), field: "http://shop.example"}
        with pytest.raises(HostNotAllowedError):
            await run_crowd(CrowdConfig(**strange), transport=transport)
        assert not shop.requests

    async def test_a_shop_that_does_not_answer_is_told_at_once(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        shop.fail("GET /products", lambda _: httpx.Response(503))
        with pytest.raises(ShopUnreachableError, match="does not show its products"):
            await run_crowd(config, transport=transport)

    async def test_an_empty_shop_is_told_at_once(self, config: CrowdConfig) -> None:
        with pytest.raises(ShelfEmptyError):
            await run_crowd(config, transport=httpx.MockTransport(FakeShop([]).handle))
