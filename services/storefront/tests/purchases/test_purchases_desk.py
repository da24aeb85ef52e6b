"""The desk: one key at a time, an order once taken is decided, and nothing is lost at the end."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from services.storefront.tests.conftest import InProcess, MakeProduct, Shopper
from services.storefront.tests.purchases.conftest import (
    CountRows,
    MakeOrder,
    StockOf,
    TurnableClock,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_kit.batcher import OverloadedError
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.processes import Process, free_port, is_listening
from infra.local.settings import inherited_environment
from storefront.database import Sessions
from storefront.models import IdempotencyKey, Product, Purchase
from storefront.purchases.desk import BatchWriter, PurchaseDesk
from storefront.purchases.errors import RequestInFlightError
from storefront.purchases.idempotency import Answer
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers

START_SECONDS = 60


@contextmanager
def held(sessions: Sessions) -> Iterator[None]:
    """Hold every product's row, so that no purchase gets on."""
    with sessions() as other:
        other.execute(select(Product).with_for_update())
        yield


def placed_purchase(product_id: int) -> dict[str, object]:
    return {"lines": [{"product_id": product_id, "quantity": 1}]}


class TestPlace:
    @pytest.fixture
    async def desk(
        self, writer: BatchWriter, storefront_settings: StorefrontSettings
    ) -> AsyncIterator[PurchaseDesk]:
        few = storefront_settings.model_copy(update={"purchase_queue_limit": 1})
        with ThreadPoolExecutor(few.purchase_batches_in_flight) as pool:
            desk = PurchaseDesk(writer, pool, few)
            yield desk
            await desk.drain()

    async def test_a_key_in_flight_is_409_at_once_and_free_afterwards(
        self,
        desk: PurchaseDesk,
        make_order: MakeOrder,
        make_product: MakeProduct,
        sessions: Sessions,
    ) -> None:
        order = make_order({make_product(): 1})
        with held(sessions):
            first = asyncio.create_task(desk.place(order))
            await asyncio.sleep(0)
            with pytest.raises(RequestInFlightError):
                await desk.place(order)
        answer = await first
        assert await desk.place(order) == answer._replace(is_replay=True)

    async def test_a_buyer_who_leaves_has_bought_and_blocks_the_key_no_longer_than_the_commit(
        self,
        desk: PurchaseDesk,
        make_order: MakeOrder,
        make_product: MakeProduct,
        sessions: Sessions,
        count_rows: CountRows,
    ) -> None:
        order = make_order({make_product(): 1})
        with held(sessions):
            first = asyncio.create_task(desk.place(order))
            await asyncio.sleep(0)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            with pytest.raises(RequestInFlightError):
                await desk.place(order)
        while True:
            try:
                assert (await desk.place(order)).is_replay
                break
            except RequestInFlightError:
                await asyncio.sleep(0)
        assert count_rows(Purchase) == 1

    async def test_a_full_queue_is_503_and_keeps_no_key(
        self,
        desk: PurchaseDesk,
        make_order: MakeOrder,
        make_product: MakeProduct,
        sessions: Sessions,
    ) -> None:
        product = make_product()
        refused = make_order({product: 1})
        with held(sessions):
            taken = [asyncio.create_task(desk.place(make_order({product: 1})))]
            await asyncio.sleep(0)
            with pytest.raises(OverloadedError):
                await desk.place(refused)
        await asyncio.gather(*taken)
        assert isinstance(await desk.place(refused), Answer)

    async def test_draining_waits_for_what_was_taken(
        self,
        desk: PurchaseDesk,
        make_order: MakeOrder,
        make_product: MakeProduct,
        count_rows: CountRows,
    ) -> None:
        order = make_order({make_product(): 1})
        taken = asyncio.create_task(desk.place(order))
        await asyncio.sleep(0)
        await desk.drain()
        assert count_rows(Purchase) == 1
        assert isinstance(await taken, Answer)
        with pytest.raises(OverloadedError):
            await desk.place(make_order({1: 1}))


class TestTwoProcesses:
    async def test_one_key_raced_from_both_makes_one_purchase(
        self,
        in_process: InProcess,
        shopper: Shopper,
        make_product: MakeProduct,
        count_rows: CountRows,
        stock_of: StockOf,
    ) -> None:
        product, headers = make_product(stock=100), dict(shopper.client.headers)
        rounds = 10
        async with in_process() as one, in_process() as other:
            for number in range(rounds):
                keyed = headers | {"Idempotency-Key": f"race-{number}"}
                answers = await asyncio.gather(
                    *(
                        app.post("/purchases", json=placed_purchase(product), headers=keyed)
                        for app in (one, other)
                    )
                )
                assert [answer.status_code for answer in answers] == [201, 201]
                assert len({answer.content for answer in answers}) == 1
                replayed = ["idempotent-replayed" in answer.headers for answer in answers]
                assert sorted(replayed) == [False, True]
        assert (count_rows(Purchase), stock_of(product)) == (rounds, 100 - rounds)

    async def test_one_stock_raced_from_both_is_sold_exactly(
        self,
        in_process: InProcess,
        shopper: Shopper,
        make_product: MakeProduct,
        count_rows: CountRows,
        stock_of: StockOf,
        moved: StockOf,
    ) -> None:
        product, headers = make_product(stock=25), dict(shopper.client.headers)
        async with in_process() as one, in_process() as other:
            answers = await asyncio.gather(
                *(
                    app.post(
                        "/purchases",
                        json=placed_purchase(product),
                        headers=headers | {"Idempotency-Key": new_id()},
                    )
                    for _ in range(25)
                    for app in (one, other)
                )
            )
        assert Counter(answer.status_code for answer in answers) == {201: 25, 409: 25}
        assert (count_rows(Purchase), stock_of(product), moved(product)) == (25, 0, -25)

    def test_a_key_that_another_process_is_writing_is_waited_for_and_replayed(
        self,
        writer: BatchWriter,
        make_order: MakeOrder,
        make_product: MakeProduct,
        sessions: Sessions,
        turnable: TurnableClock,
        count_rows: CountRows,
    ) -> None:
        order = make_order({make_product(): 1})
        answers: list[object] = []
        with sessions() as other:
            key = IdempotencyKey(
                **order.key._asdict(),
                request_hash=order.request_hash,
                status_code=201,
                response_body="{}",
                created_at=turnable.now,
            )
            other.add(key)
            other.flush()
            began = Event()

            def write() -> None:
                began.set()
                answers.extend(writer.write([order]))

            thread = Thread(target=write)
            thread.start()
            began.wait()
            other.commit()
            thread.join()
        assert answers == [Answer(201, "{}", is_replay=True)]
        assert count_rows(Purchase) == 0


class TestSigterm:
    @pytest.fixture
    def service(
        self, storefront_settings: StorefrontSettings, aws: AwsEndpoint, tmp_path: Path
    ) -> Iterator[tuple[Process, str]]:
        """Return the API as a process of its own, and its address."""
        port, process = free_port(), Process("storefront", tmp_path / "storefront.log")
        settings = storefront_settings
        told = {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "EVENT_STREAM": settings.event_stream,
            "LANDING_BUCKET": settings.landing_bucket,
            "TOKEN_PRIVATE_KEY_FILE": str(settings.token_private_key_file),
            "USER_REQUESTS_PER_MINUTE": "0",
            "LOG_LEVEL": "WARNING",
        }
        environment = {f"STOREFRONT_{name}": value for name, value in told.items()}
        process.start(
            [sys.executable, "-m", "uvicorn", "--port", str(port), "storefront.app:app"],
            inherited_environment() | aws.environment() | environment,
        )
        try:
            process.wait_until(lambda: is_listening(port), seconds=START_SECONDS)
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.stop()

    async def test_every_purchase_that_was_answered_is_there_and_the_rest_was_never_taken(
        self,
        service: tuple[Process, str],
        shopper: Shopper,
        make_product: MakeProduct,
        session: Session,
    ) -> None:
        process, address = service
        product = make_product(stock=1_000)
        headers = {"Authorization": shopper.client.headers["Authorization"]}
        bought: list[str] = []
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:

            async def buy(number: int) -> None:
                key = {"Idempotency-Key": f"key-{number}"}
                try:
                    answer = await client.post(
                        "/purchases", json=placed_purchase(product), headers=key
                    )
                except httpx.TransportError:
                    return
                assert answer.status_code in (201, 503)
                if answer.status_code == 201:
                    bought.append(answer.json()["id"])
                if len(bought) == 20 and process.pid is not None:
                    os.kill(process.pid, signal.SIGTERM)

            await asyncio.gather(*(buy(number) for number in range(60)))
        assert set(session.scalars(select(Purchase.id))) == set(bought)
        assert len(bought) >= 20
