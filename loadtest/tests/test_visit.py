"""One visit against a small shop that keeps, and sometimes breaks, the API's promises."""

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random

import httpx
import pytest

from loadtest.habits import HABITS, Habits
from loadtest.reports import VisitReport
from loadtest.shopper import Shopper
from loadtest.testing import FakeShop, Fault, answer_lost, busy, unreachable
from loadtest.visit import Surroundings, perform_visit
from loadtest.wire import Budget

EAGER = replace(
    HABITS,
    one_click_share=0.0,
    add_to_cart_share=1.0,
    own_look_wish=1.0,
    other_look_wish=1.0,
    remove_share=0.0,
    checkout_share=9.0,
    buy_share=1.0,
    short_share=1.0,
)
"""Habits of people who buy all they see."""


class TwoOfEach(Habits):
    def draw_quantity(self, rng: Random) -> int:
        return 2


@pytest.fixture
def patient(shopper: Shopper) -> Shopper:
    persona = shopper.persona
    return Shopper(replace(persona, tastes=replace(persona.tastes, patience=100)))


async def visit_as(
    shopper: Shopper, around: Surroundings, seed: int = 1, *, is_anonymous: bool = False
) -> VisitReport:
    return await perform_visit(shopper, Random(seed), around, is_anonymous=is_anonymous)


@pytest.fixture
def eager(around: Surroundings) -> Surroundings:
    return replace(around, habits=EAGER)


def keys_of(requests: list[httpx.Request]) -> list[str]:
    return [request.headers["Idempotency-Key"] for request in requests]


class TestIdentity:
    async def test_a_new_shopper_registers_and_logs_in(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        report = await visit_as(shopper, around)
        assert report.registrations == 1
        assert shopper.user_id == "user-0"
        assert {event["user_id"] for event in shop.events.values()} == {"user-0"}

    async def test_a_known_shopper_comes_back_with_the_token(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        await visit_as(shopper, around)
        again = await visit_as(shopper, around, seed=2)
        assert again.registrations == 0
        assert len(shop.sent("POST", "/token")) == 1
        sessions = {event["session_id"] for event in shop.events.values()}
        assert len(sessions) == 2

    async def test_a_shopper_of_an_earlier_run_logs_in(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        await visit_as(Shopper(shopper.persona), around)
        report = await visit_as(shopper, around)
        assert (report.registrations, shopper.user_id) == (0, "user-0")
        assert not report.errors

    async def test_an_anonymous_visitor_has_an_id_of_their_own_and_no_cart(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        report = await visit_as(shopper, eager, is_anonymous=True)
        assert not shop.users
        assert {event["anonymous_id"] for event in shop.events.values()} == {
            shopper.persona.browser_id
        }
        assert shopper.persona.browser_id.startswith("anon-")
        assert report.steps["add_to_cart"] == 0

    async def test_who_cannot_log_in_looks_around_anonymously(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        shop.fail("POST /token", *[busy] * 5)
        report = await visit_as(shopper, around)
        assert [error.endpoint for error in report.errors] == ["POST /token"]
        assert {event.get("user_id") for event in shop.events.values()} == {None}


class TestEvents:
    async def test_all_accepted_ids_are_reported(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        report = await visit_as(shopper, eager)
        assert len(report.accepted_event_ids) == len(set(report.accepted_event_ids))
        assert set(report.accepted_event_ids) == shop.events.keys()
        assert not report.rejected_events

    async def test_events_come_in_batches_of_one_to_five(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        for seed in range(10):
            await visit_as(shopper, around, seed)
        sizes = {len(batch) for batch in shop.event_batches}
        assert sizes <= {1, 2, 3, 4, 5}
        assert len(sizes) > 2

    async def test_an_event_says_what_a_browser_would(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        await visit_as(shopper, eager)
        added = next(event for event in shop.events.values() if event["type"] == "add_to_cart")
        assert set(added) == {
            "event_id", "schema", "type", "user_id", "session_id", "product_id", "quantity",
            "price", "currency", "event_time", "sent_at", "page", "consent", "context",
        }  # fmt: skip
        assert added["schema"] == "interaction/1"
        assert added["price"] == shop.products[added["product_id"]]["price"]
        assert added["event_time"].endswith("Z")
        assert set(added["page"]) == {"url", "referrer"}

    async def test_never_sends_what_only_the_shop_knows(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        await visit_as(shopper, eager)
        types = {event["type"] for event in shop.events.values()}
        assert types >= {"page_view", "product_view", "add_to_cart", "begin_checkout"}
        assert not types & {"purchase", "refund"}

    @pytest.mark.parametrize("fault", [busy, unreachable, answer_lost])
    async def test_a_batch_sent_again_has_the_same_event_ids(
        self,
        shop: FakeShop,
        shopper: Shopper,
        around: Surroundings,
        fault: Fault,
    ) -> None:
        shop.fail("POST /events", fault)
        report = await visit_as(shopper, around)
        first, second, *_ = (
            [event["event_id"] for event in json.loads(request.content)["events"]]
            for request in shop.sent("POST", "/events")
        )
        assert first == second
        assert report.retries["POST /events"] == 1
        assert sorted(report.accepted_event_ids) == sorted(shop.events)

    async def test_what_the_shop_never_takes_is_counted_as_unsent(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        shop.fail("POST /events", *[busy] * 1000)
        report = await visit_as(shopper, around)
        assert report.unsent_events > 0
        assert not report.accepted_event_ids
        assert {error.status for error in report.errors} == {503}

    async def test_rejected_events_are_reported_with_their_reason(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        await visit_as(shopper, around)
        shopper.user_id = "somebody-else"
        report = await visit_as(shopper, around, seed=2)
        assert {e.reason for e in report.rejected_events} == {"user_id: is not the bearer's"}


class TestPicks:
    async def test_clicked_picks_are_attributed_to_their_list(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        around = replace(around, habits=replace(HABITS, look_at_picks_share=1.0, short_share=0.0))
        clicked = 0
        for seed in range(12):
            clicked += (await visit_as(shopper, around, seed)).picks_clicked
        clicks = [event for event in shop.events.values() if event["type"] == "list_click"]
        assert len(clicks) == clicked > 0
        assert {event["list"]["id"] for event in clicks} == {"recommendations"}
        assert all(event["recommendation_id"].startswith("rec-") for event in clicks)
        assert all(0 <= event["list"]["position"] < 12 for event in clicks)

    async def test_the_shop_knows_all_clicks_before_it_is_asked_for_picks(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        around = replace(around, habits=replace(HABITS, look_at_picks_share=1.0, short_share=0.0))
        await visit_as(shopper, around)
        paths = [request.url.path for request in shop.requests]
        asked = [i for i, path in enumerate(paths) if path.startswith("/recommendations/")]
        assert asked
        assert all(paths[i - 1] == "/events" for i in asked)

    async def test_a_shop_without_a_recommender_is_visited_as_well(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        around = replace(around, addresses=replace(around.addresses, recommender=None))
        report = await visit_as(shopper, around)
        assert report.picks_shown == 0
        assert not report.errors


class TestPurchase:
    async def test_a_confirmed_purchase_is_reported(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        report = await visit_as(shopper, eager)
        [made], [placed] = report.purchases, shop.purchases
        assert (made.id, made.user_id, str(made.total)) == (
            placed["id"],
            "user-0",
            placed["total"],
        )
        assert made.lines == len(placed["lines"])

    async def test_both_ways_of_buying_leave_the_cart_empty(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        for seed in range(8):
            await visit_as(shopper, eager, seed)
        orders = [json.loads(r.content).keys() for r in shop.sent("POST", "/purchases")]
        assert {"lines"} in orders
        assert {"cart_id"} in orders
        assert not shop.carts["user-0"]

    @pytest.mark.parametrize("fault", [busy, unreachable, answer_lost])
    async def test_an_order_sent_again_has_the_same_key_and_is_one_purchase(
        self,
        shop: FakeShop,
        shopper: Shopper,
        eager: Surroundings,
        fault: Fault,
    ) -> None:
        shop.fail("POST /purchases", fault, fault)
        report = await visit_as(shopper, eager)
        orders = shop.sent("POST", "/purchases")
        assert len(orders) == 3
        assert len(set(keys_of(orders))) == 1
        assert len({request.content for request in orders}) == 1
        assert len(shop.purchases) == len(report.purchases) == 1
        assert report.purchases[0].attempts == 3

    async def test_two_purchases_have_two_keys(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        await visit_as(shopper, eager)
        await visit_as(shopper, eager, seed=2)
        assert len(set(keys_of(shop.sent("POST", "/purchases")))) == 2

    async def test_what_is_sold_out_is_left_and_the_rest_is_bought_under_a_new_key(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        shop.stock = dict.fromkeys(shop.stock, 0)
        scarce = replace(eager, habits=replace(EAGER, short_share=0.0))
        await visit_as(shopper, scarce, seed=3)
        in_cart = [line["product_id"] for line in shop.carts["user-0"].values()]
        shop.stock = dict.fromkeys(shop.stock, 1000) | {in_cart[0]: 0}
        report = await visit_as(shopper, eager, seed=4)
        assert report.refusals["out-of-stock"] == 1
        assert len(report.purchases) == 1
        keys = keys_of(shop.sent("POST", "/purchases"))
        assert keys[-1] != keys[-2]
        bought = {line["product_id"] for line in shop.purchases[0]["lines"]}
        assert in_cart[0] not in bought

    async def test_when_few_are_left_fewer_are_bought(
        self, shop: FakeShop, patient: Shopper, eager: Surroundings
    ) -> None:
        shop.stock = dict.fromkeys(shop.stock, 1)
        eager = replace(eager, habits=TwoOfEach(**vars(EAGER)))
        report = await visit_as(patient, eager)
        assert report.refusals["out-of-stock"] > 0
        [purchase] = report.purchases
        assert purchase.lines > 0
        assert all(stock >= 0 for stock in shop.stock.values())

    async def test_who_gets_nothing_leaves_without_an_error(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        shop.stock = dict.fromkeys(shop.stock, 0)
        report = await visit_as(shopper, eager)
        assert report.refusals["out-of-stock"] > 0
        assert not report.purchases
        assert not report.errors

    @pytest.mark.parametrize(("factor", "buys"), [("1.10", True), ("3.00", False)])
    async def test_a_price_little_higher_is_paid_and_a_much_higher_one_is_not(
        self, shop: FakeShop, patient: Shopper, eager: Surroundings, factor: str, buys: bool
    ) -> None:
        def price_rises(request: httpx.Request) -> httpx.Response:
            for line in shop.carts["user-0"].values():
                product = shop.products[line["product_id"]]
                product["price"] = str(Decimal(product["price"]) * Decimal(factor))
            return shop.answer(request)

        shop.fail("POST /purchases", price_rises)
        report = await visit_as(patient, replace(eager, habits=replace(EAGER, one_click_share=1.0)))
        assert bool(report.purchases) is buys
        assert report.refusals["price-changed"] == 1

    async def test_an_order_still_being_worked_on_is_asked_for_again_under_its_key(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        def in_flight(request: httpx.Request) -> httpx.Response:
            body = {"type": "urn:fashion-store:problem:request-in-flight"}
            return httpx.Response(409, json=body)

        shop.fail("POST /purchases", in_flight, in_flight)
        report = await visit_as(shopper, eager)
        assert len(set(keys_of(shop.sent("POST", "/purchases")))) == 1
        assert len(report.purchases) == 1

    async def test_an_order_without_an_answer_is_undecided(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        shop.fail("POST /purchases", *[answer_lost] * 5)
        report = await visit_as(shopper, eager)
        assert report.undecided_purchases == 1
        assert not report.purchases


class TestReport:
    async def test_counts_add_up(
        self, shop: FakeShop, shopper: Shopper, eager: Surroundings
    ) -> None:
        report = await visit_as(shopper, eager)
        assert report.requests == len(shop.requests)
        assert sum(map(len, report.milliseconds.values())) == report.requests
        statuses = Counter(status.rsplit(" ", 1)[0] for status in report.statuses.elements())
        assert statuses == {name: len(times) for name, times in report.milliseconds.items()}
        assert report.steps["view_product"] == len(
            [event for event in shop.events.values() if event["type"] == "product_view"]
        )

    async def test_an_unexpected_answer_is_reported_with_its_problem(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        shop.fail("GET /products/", lambda _: httpx.Response(500, json={"title": "Crash"}))
        report = await visit_as(shopper, around)
        assert [(e.endpoint, e.status, e.body) for e in report.errors] == [
            ("GET /products/{id}", 500, {"title": "Crash"})
        ]

    async def test_a_shop_that_is_gone_makes_connection_errors_and_no_exception(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        for method in ("GET", "POST", "PUT", "DELETE"):
            shop.fail(method, *[unreachable] * 1000)
        report = await visit_as(shopper, around)
        assert sum(report.connection_errors.values()) == report.requests > 0
        assert report.unsent_events > 0

    async def test_an_answer_that_is_no_json_is_no_exception(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        shop.fail("GET /products", lambda _: httpx.Response(418, text="<h1>tea</h1>"))
        report = await visit_as(shopper, around)
        assert report.errors[0].body == "<h1>tea</h1>"

    async def test_a_spent_budget_ends_the_visit(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        report = await visit_as(shopper, replace(around, budget=Budget(5)))
        assert report.requests == len(shop.requests) == 5
