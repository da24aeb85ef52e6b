"""The shoppers table itself: read whole, written only over what was read."""

from dataclasses import replace
from typing import Any

import pytest

from fashion_contracts.picks import Shopper
from recommender.errors import ShopperChangedError, StoreUnavailableError
from recommender.interactions.repository import ShoppersRepository

pytestmark = pytest.mark.servers
NEW = Shopper("shopper", sequence=10**55)


def test_a_new_shopper_is_written_once(shoppers: ShoppersRepository) -> None:
    shoppers.put(NEW, instead_of=Shopper("shopper"))

    with pytest.raises(ShopperChangedError):
        shoppers.put(NEW, instead_of=Shopper("shopper"))


def test_of_two_writers_only_the_first_wins(shoppers: ShoppersRepository) -> None:
    shoppers.put(NEW, instead_of=Shopper("shopper"))
    shoppers.put(replace(NEW, sequence=10**55 + 2), instead_of=NEW)

    with pytest.raises(ShopperChangedError):
        shoppers.put(replace(NEW, sequence=10**55 + 1), instead_of=NEW)

    assert shoppers.get("shopper").sequence == 10**55 + 2


def test_many_are_read_and_the_unknown_have_done_nothing(shoppers: ShoppersRepository) -> None:
    shoppers.put(NEW, instead_of=Shopper("shopper"))
    ids = ["shopper", *(f"unknown-{number}" for number in range(150))]

    found = shoppers.get_many(ids)

    assert found["shopper"] == NEW
    assert found["unknown-149"] == Shopper("unknown-149")


def test_keys_left_unread_are_asked_for_again(shoppers: ShoppersRepository, dynamodb: Any) -> None:
    shoppers.put(NEW, instead_of=Shopper("shopper"))
    request = {shoppers._table: {"Keys": [{"user_id": {"S": "shopper"}}]}}
    answers = iter([{"Responses": {}, "UnprocessedKeys": request}])

    def leave_unread(parsed: dict[str, Any], **_: Any) -> None:
        parsed.update(next(answers, {}))

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_unread)

    assert shoppers.get_many(["shopper"])["shopper"] == NEW


def test_keys_that_stay_unread_are_an_error(shoppers: ShoppersRepository, dynamodb: Any) -> None:
    request = {shoppers._table: {"Keys": [{"user_id": {"S": "shopper"}}]}}

    def leave_unread(parsed: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedKeys"] = request

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_unread)

    with pytest.raises(StoreUnavailableError):
        shoppers.get_many(["shopper"])


def test_a_table_that_is_away_is_told_in_our_words(shoppers: ShoppersRepository) -> None:
    shoppers._table = "no-such-table"

    with pytest.raises(StoreUnavailableError):
        shoppers.put(NEW, instead_of=Shopper("shopper"))
