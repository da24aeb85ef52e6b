"""The shoppers table itself: read whole, written only over what was read."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fashion_contracts.events import EventType
from fashion_contracts.picks import Act, Shopper
from recommender.errors import ShopperChangedError, StoreUnavailableError
from recommender.interactions.repository import ShoppersRepository

pytestmark = pytest.mark.servers
NEW = Shopper("shopper", sequence=10**55)


async def test_a_new_shopper_is_written_once(shoppers: ShoppersRepository) -> None:
    await shoppers.put(NEW, instead_of=Shopper("shopper"))

    with pytest.raises(ShopperChangedError):
        await shoppers.put(NEW, instead_of=Shopper("shopper"))


async def test_of_two_writers_only_the_first_wins(shoppers: ShoppersRepository) -> None:
    await shoppers.put(NEW, instead_of=Shopper("shopper"))
    await shoppers.put(replace(NEW, sequence=10**55 + 2), instead_of=NEW)

    with pytest.raises(ShopperChangedError):
        await shoppers.put(replace(NEW, sequence=10**55 + 1), instead_of=NEW)

    assert (await shoppers.get("shopper")).sequence == 10**55 + 2


async def test_many_are_read_and_the_unknown_have_done_nothing(
    shoppers: ShoppersRepository,
) -> None:
    await shoppers.put(NEW, instead_of=Shopper("shopper"))
    ids = ["shopper", *(f"unknown-{number}" for number in range(150))]

    found = await shoppers.get_many(ids)

    assert found["shopper"] == NEW
    assert found["unknown-149"] == Shopper("unknown-149")


async def test_a_shopper_is_forgotten_but_for_the_fence(
    shoppers: ShoppersRepository, stored_shopper: Callable[[str], Shopper]
) -> None:
    acts = (Act(16, 1, 5, EventType.PRODUCT_VIEW),)
    await shoppers.put(replace(NEW, history=acts), instead_of=Shopper("shopper"))

    await shoppers.forget("shopper")

    forgotten = stored_shopper("shopper")
    assert forgotten == replace(NEW, expires_at=forgotten.expires_at)
    assert forgotten.expires_at > NEW.expires_at


async def test_a_table_that_is_away_is_told_in_our_words(shoppers: ShoppersRepository) -> None:
    shoppers._table = "no-such-table"

    with pytest.raises(StoreUnavailableError):
        await shoppers.put(NEW, instead_of=Shopper("shopper"))
