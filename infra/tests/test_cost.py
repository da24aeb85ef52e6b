"""The cost model: it knows every construct, grows with the shop, and its page is fresh."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from infra.cost.demand import RATES, STOREFRONT_REQUESTS, Demand
from infra.cost.model import WITHOUT_COST, parts
from infra.cost.page import first_to_give_way, page, rate_of_the_first_limit
from infra.stages import PROD

ROOT = Path(__file__).parents[2]
CONSTRUCTS = ROOT / "infra/src/infra/constructs"

rates = st.floats(1, 20_000)


def dollars(rate: float) -> float:
    return sum(part.dollars for part in parts(rate))


def test_the_page_is_what_the_model_says() -> None:
    assert (ROOT / "docs/cost.md").read_text() == page(), "docs/cost.md is stale: run `make cost`"


def test_every_construct_has_a_line_or_a_reason_not_to() -> None:
    there = {file.stem for file in CONSTRUCTS.glob("*.py")} - {"__init__"}
    counted = [name for part in parts(100) for name in part.constructs]
    assert sorted([*counted, *WITHOUT_COST]) == sorted(there)


@given(rates, st.floats(1.01, 10))
def test_more_requests_never_cost_less(rate: float, factor: float) -> None:
    assert dollars(rate * factor) >= dollars(rate)


@given(rates, st.floats(1.01, 10))
def test_more_requests_never_load_a_part_less_unless_it_grew(rate: float, factor: float) -> None:
    for small, large in zip(parts(rate), parts(rate * factor), strict=True):
        assert small.name != large.name or (large.load or 0) >= (small.load or 0) * (1 - 1e-9)


def test_the_smallest_shop_is_what_prod_deploys() -> None:
    smallest = Demand(min(RATES))
    assert smallest.database.instance == PROD.database.instance
    assert smallest.database.storage_gb == PROD.database.storage_gibibytes


def test_more_requests_than_the_most_tasks_serve_are_beyond_what_the_services_can_bear() -> None:
    services = parts(2 * PROD.storefront.most * STOREFRONT_REQUESTS)[0]
    assert services.load is not None
    assert services.load > 1


@given(rates)
def test_no_part_is_free_or_loaded_by_nothing(rate: float) -> None:
    assert all(part.dollars > 0 for part in parts(rate))
    assert all(part.load is None or part.load > 0 for part in parts(rate))


def test_a_request_is_cheaper_in_a_larger_shop() -> None:
    assert all(dollars(a) / a > dollars(b) / b for a, b in pairwise(RATES))


def test_something_gives_way_first_and_says_what_to_do() -> None:
    assert all(first_to_give_way(rate).limit for rate in RATES)


def test_the_first_limit_is_where_a_part_is_full_and_not_before() -> None:
    limit = rate_of_the_first_limit()
    assert (first_to_give_way(limit - 1).load or 0) < 1 <= (first_to_give_way(limit).load or 0)


def test_a_small_shop_has_two_tasks_for_its_two_zones() -> None:
    assert (Demand(1).storefront_tasks, Demand(1).recommender_tasks) == (2, 2)
