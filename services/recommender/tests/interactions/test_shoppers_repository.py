"""The shoppers table itself: read whole, written only over what was read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fashion_contracts.picks import Shopper
from recommender.errors import ShopperChangedError, StoreUnavailableError
from recommender.interactions.repository import ShoppersRepository
from recommender.picks.repository import PicksRepository

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


async def test_a_write_fails_over_one_who_was_forgotten_meanwhile(
    shoppers: ShoppersRepository,
) -> None:
    await shoppers.put(NEW, instead_of=Shopper("shopper"))
    picks = PicksRepository(shoppers._dynamodb, shoppers._table, in_flight=1, queued=1)
    await picks.forget("shopper", until=datetime(2026, 5, 1, tzinfo=UTC))

    with pytest.raises(ShopperChangedError):
        await shoppers.put(replace(NEW, sequence=10**55 + 1), instead_of=NEW)


async def test_a_table_that_is_away_is_told_in_our_words(shoppers: ShoppersRepository) -> None:
    shoppers._table = "no-such-table"

    with pytest.raises(StoreUnavailableError):
        await shoppers.put(NEW, instead_of=Shopper("shopper"))
