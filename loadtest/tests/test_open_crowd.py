"""A crowd that comes at a rate, and what goes wrong on its side."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from threading import Event

import httpx
import pytest

from loadtest.arrivals import poisson_arrivals
from loadtest.clock import utc_now
from loadtest.crowd import CrowdConfig, run_crowd
from loadtest.mischief import DroppingTransport, Mischief
from loadtest.pace import SteadyPace
from loadtest.testing import FakeShop


@pytest.fixture
def config(addresses: tuple[str, str]) -> CrowdConfig:
    storefront, recommender = addresses
    return CrowdConfig(
        storefront=storefront,
        recommender=recommender,
        shoppers=10,
        rate=30.0,
        think_scale=0.001,
        seconds=1.0,
        seed=5,
    )


class TestArrivals:
    def test_so_many_come_in_a_second_as_the_rate_says(self) -> None:
        times = list(poisson_arrivals(50, 200, Random(1)))
        assert len(times) == pytest.approx(10_000, rel=0.03)
        assert times == sorted(times)
        assert times[-1] < 200

    def test_the_seed_decides_when_they_come(self) -> None:
        assert list(poisson_arrivals(3, 9, Random(7))) == list(poisson_arrivals(3, 9, Random(7)))


class TestOpenCrowd:
    async def test_people_come_at_the_rate_and_come_back(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        report = await run_crowd(config, transport=transport)
        assert 15 < report.total.visits < 50
        assert len(report.total.lateness_ms) == report.total.visits
        # Ten people made them all.
        assert 0 < len(shop.users) <= 10
        assert not report.total.failures

    async def test_who_comes_does_not_wait_for_those_inside(
        self, config: CrowdConfig, transport: httpx.MockTransport
    ) -> None:
        slow = replace(config, concurrency=1, think_scale=0.05)
        report = await run_crowd(slow, transport=transport)
        assert report.total.visits > 20

    async def test_a_control_group_asks_the_recommender_for_nothing(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        half = await run_crowd(replace(config, control_share=0.5), transport=transport)
        groups = {(outcome.is_control, outcome.came_to_look) for outcome in half.total.outcomes}
        assert groups == {(a, b) for a in (True, False) for b in (True, False)}
        asked = len(shop.sent_below("/recommendations"))
        nobody = await run_crowd(replace(config, control_share=1.0), transport=transport)
        assert len(shop.sent_below("/recommendations")) == asked > 0
        assert nobody.total.picks_shown == 0
        assert nobody.total.steps["view_picks"] > 0

    async def test_nobody_comes_after_so_many_visits(
        self, config: CrowdConfig, transport: httpx.MockTransport
    ) -> None:
        report = await run_crowd(replace(config, max_visits=7), transport=transport)
        assert report.total.visits == 7

    async def test_in_a_sale_everybody_wants_the_same_and_no_more_than_there_is_is_sold(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        shop.stock = dict.fromkeys(shop.stock, 3)
        report = await run_crowd(replace(config, sale_products=2), transport=transport)
        bought = [line["product_id"] for made in shop.purchases for line in made["lines"]]
        assert len(set(bought)) == 2
        assert 0 < len(report.total.purchases) <= 6
        assert report.total.refusals["out-of-stock"] > 0


class TestMischief:
    async def test_malformed_events_are_sent_refused_and_counted(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        config = replace(config, mischief=Mischief(malformed_share=0.5))
        report = await run_crowd(config, transport=transport)
        total = report.total
        assert total.malformed_events == len(total.malformed_refused) > 0
        assert {refused.event_id for refused in total.malformed_refused}.isdisjoint(shop.events)
        assert {refused.reason for refused in total.malformed_refused} == {"it is malformed"}
        assert sorted(total.accepted_event_ids) == sorted(shop.events)
        assert not total.failures

    async def test_late_events_happened_earlier_and_are_taken(
        self, config: CrowdConfig, transport: httpx.MockTransport, shop: FakeShop
    ) -> None:
        mischief = Mischief(late_share=0.5, late_by=timedelta(hours=2))
        began = utc_now()
        report = await run_crowd(replace(config, mischief=mischief), transport=transport)
        ages = [began - datetime.fromisoformat(e["event_time"]) for e in shop.events.values()]
        late = [age for age in ages if age > timedelta(seconds=5)]
        assert 0 < len(late) <= report.total.late_events
        assert len(report.total.late_event_ids) == report.total.late_events
        assert set(report.total.late_event_ids) <= set(shop.events)
        assert max(ages) <= timedelta(hours=2)

    async def test_who_hangs_up_asks_again_and_nothing_happens_twice(
        self, config: CrowdConfig, shop_url: str, shop: FakeShop
    ) -> None:
        config = replace(
            config,
            storefront=shop_url,
            recommender=shop_url,
            mischief=Mischief(dropped_share=0.3),
        )
        report = await run_crowd(config)
        total = report.total
        assert total.hung_up == sum(total.after_hanging_up.values()) > 0
        assert set(total.accepted_event_ids) <= set(shop.events)
        assert len({made["id"] for made in shop.purchases}) == len(shop.purchases)
        assert {made.id for made in total.purchases} <= {made["id"] for made in shop.purchases}

    async def test_nobody_hangs_up_on_the_first_look_around(
        self, config: CrowdConfig, shop_url: str, shop: FakeShop
    ) -> None:
        def answer_late(request: httpx.Request) -> httpx.Response:
            """Take longer than any who hang up would wait."""
            Event().wait(0.06)
            return shop.answer(request)

        shop.fail("GET /products", answer_late)
        hasty = replace(
            config, storefront=shop_url, max_visits=0, mischief=Mischief(dropped_share=1.0)
        )
        assert (await run_crowd(hasty)).total.visits == 0

    async def test_only_the_share_that_was_asked_for_hangs_up(self) -> None:
        def answer(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200)

        never = DroppingTransport(httpx.MockTransport(answer), 0.0, Random(1))
        async with httpx.AsyncClient(transport=never) as client:
            assert (await client.get("http://127.0.0.1/")).status_code == 200

    def test_every_way_to_spoil_an_event_makes_it_another(self) -> None:
        event = {"event_id": "a", "type": "search", "event_time": "x", "session_id": "s"}
        spoiled = [Mischief().spoiled(event, "b", Random(n)) for n in range(40)]
        assert all(each["event_id"] == "b" for each in spoiled)
        assert len({frozenset(each.items()) for each in spoiled}) == 4


class TestIntention:
    async def test_a_request_is_timed_from_when_it_was_meant(self) -> None:
        slept: list[float] = []

        async def oversleep(seconds: float) -> None:
            slept.append(seconds)

        pace = SteadyPace(2.0, oversleep)
        await pace.think(1.0)
        first, second = pace.take_intended(), pace.take_intended()
        assert slept == [2.0]
        assert first is not None
        assert second is None
