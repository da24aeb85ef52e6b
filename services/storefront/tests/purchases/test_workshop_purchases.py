"""What the workshop that this shop began as got wrong when several bought at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper

pytestmark = pytest.mark.servers

BUYERS, EACH = 4, 5


def test_fault_10_purchases_made_at_once_have_ids_of_their_own(
    register: Callable[[], Shopper], make_product: MakeProduct
) -> None:
    product = make_product(stock=BUYERS * EACH)
    buyers = [register() for _ in range(BUYERS)] * EACH

    with ThreadPoolExecutor(BUYERS) as pool:
        answers = list(pool.map(lambda buyer: buyer.buy(product), buyers))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == BUYERS * EACH
