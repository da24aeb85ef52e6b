"""Requests take turns at the database, so that threads and connections never wait in a ring."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import ValidationError
from services.storefront.tests.conftest import InProcess, MakeProduct

from storefront.settings import StorefrontSettings
from storefront.turns import NoTurnError, Turns

AT_ONCE = timedelta(milliseconds=10)
SOON = timedelta(seconds=10)


class TestTurns:
    async def test_no_more_than_the_turns_are_held_at_once(self) -> None:
        turns, held, most = Turns(3, SOON), 0, 0

        async def work() -> None:
            nonlocal held, most
            async with turns.one():
                held += 1
                most = max(most, held)
                await asyncio.sleep(0)
                held -= 1

        await asyncio.gather(*(work() for _ in range(20)))
        assert most == 3

    async def test_who_waits_too_long_is_told_to_come_back(self) -> None:
        turns = Turns(1, AT_ONCE)
        async with turns.one():
            with pytest.raises(NoTurnError) as told:
                async with turns.one():
                    pass
        assert "Retry-After" in told.value.headers()

    async def test_a_turn_is_free_again_after_a_failure(self) -> None:
        turns = Turns(1, AT_ONCE)
        with pytest.raises(KeyError):
            async with turns.one():
                raise KeyError
        async with turns.one():
            pass


class TestRequests:
    async def test_many_at_once_are_all_answered_by_few_threads_and_connections(
        self, in_process: InProcess, make_product: MakeProduct
    ) -> None:
        product = make_product()
        few = {"request_threads": 1, "database_pool_size": 2, "database_pool_timeout_seconds": 5}
        async with in_process(few) as client:
            answers = await asyncio.gather(*(client.get(f"/products/{product}") for _ in range(40)))
        assert {answer.status_code for answer in answers} == {200}

    def test_a_pool_that_is_too_small_is_refused(
        self, storefront_settings: StorefrontSettings
    ) -> None:
        told = storefront_settings.model_dump() | {"request_threads": 9, "database_pool_size": 17}
        with pytest.raises(ValidationError, match="at least twice"):
            StorefrontSettings(**told)
