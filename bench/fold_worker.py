"""The process that is measured: `python -m bench.fold_worker VARIANT OUTPUT PROCESSOR`."""

import asyncio
import json
import os
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from random import Random
from time import perf_counter, process_time, thread_time
from typing import Any

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import Pick, Shopper
from fashion_kit.aws import client
from fashion_kit.dynamodb.client import DynamoDB
from fashion_kit.dynamodb.values import from_wire, to_wire
from recommender.interactions.service import InteractionsService
from recommender.lambdas import on_interactions
from recommender.model.artefact import Model, ModelContent, ModelProduct, to_bytes
from recommender.trends.repository import TrendsRepository

PRODUCTS = 5_000
NEIGHBOURS = 50
KIND = 200
"""How many products are of one kind: the neighbours of each are among them."""
# A shopper clicks every twenty seconds or so: the first is a small shop, or one that
# catches up; the second is a busy hour.
SHOPPERS_AT_ONCE = (100, 1_000)
BATCH_SIZES = (100, 500)
EVENTS = {"ours": 6_000, "boto3": 3_000}
BOTO3_THREADS = 8
START = datetime(2026, 5, 1, 12, tzinfo=UTC)

Ranking = Callable[[Shopper], tuple[tuple[Pick, ...], str | None]]


class Boto3DynamoDB(DynamoDB):
    """The calls as they were made before: by boto3, in threads."""

    def __init__(self) -> None:
        self._client = client("dynamodb", pool_size=BOTO3_THREADS)
        self._threads = ThreadPoolExecutor(BOTO3_THREADS)

    async def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Call boto3 in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._call, operation, request
        )

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "PutItem":
            binary = ("Item", "ExpressionAttributeValues")
            request = request | {name: from_wire(request[name]) for name in binary & request.keys()}
            self._client.put_item(**request)
            return {}
        answer = self._client.batch_get_item(**request)
        tables = answer["Responses"].items()
        return {"Responses": {table: [to_wire(item) for item in found] for table, found in tables}}


def clicks(random: Random, at_once: int, first: int) -> Iterator[Interaction]:
    """Yield events as a shop's visitors send them: sessions of 7 clicks, 4 at the median."""
    remaining = [0] * at_once
    shoppers = [""] * at_once
    products = [1] * at_once
    for number in count(first):
        place = random.randrange(at_once)
        if remaining[place] == 0:
            remaining[place] = min(int(random.lognormvariate(1.4, 1.0)) + 1, 60)
            shoppers[place] = f"01JD000000000000000{random.randrange(at_once * 5):07}"
            products[place] = random.randrange(1, PRODUCTS + 1)
        remaining[place] -= 1
        products[place] = (products[place] + random.randrange(1, 9)) % PRODUCTS + 1
        yield _event(number, shoppers[place], products[place], random)


def _event(number: int, shopper: str, product: int, random: Random) -> Interaction:
    at = START + timedelta(milliseconds=10 * number)
    types = (EventType.PRODUCT_VIEW, EventType.LIST_CLICK, EventType.ADD_TO_CART)
    return Interaction.model_validate(
        {
            "event_id": f"01JE{number:022}",
            "type": random.choices(types, [75, 18, 7])[0],
            "user_id": shopper,
            "session_id": "01JF0000000000000000000000",
            "product_id": product,
            "event_time": at,
            "sent_at": at,
            "received_at": at + timedelta(milliseconds=40),
            "page": {"url": f"https://shop.example/products/{product}"},
            "context": {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
        }
    )


def batches(events: Iterator[Interaction], wanted: int, size: int) -> list[dict[str, Any]]:
    """Return so many events as Lambda hands them over."""
    remaining = map(_record, islice(events, wanted))
    return [{"Records": records} for records in iter(lambda: list(islice(remaining, size)), [])]


def _record(event: Interaction) -> dict[str, Any]:
    return {
        "kinesis": {
            "partitionKey": event.shopper_id,
            "sequenceNumber": str(10**55 + int(event.event_id.removeprefix("01JE"))),
            "data": b64encode(event.to_record()).decode(),
            "approximateArrivalTimestamp": event.received_at.timestamp(),
        }
    }


def model(random: Random) -> Model:
    """Return a model in which every product has all its neighbours."""
    ids = range(1, PRODUCTS + 1)
    products = [ModelProduct(i, f"f{i}", f"c{i // KIND}", f"m{i % 4}", "Women") for i in ids]
    weights = [1 / place for place in range(1, NEIGHBOURS + 1)]
    kinds = [range(first, first + KIND) for first in range(1, PRODUCTS, KIND)]
    rows = {
        product: list(zip(random.sample(kind, NEIGHBOURS), weights, strict=True))
        for kind in kinds
        for product in kind
    }
    newest = tuple(ids[-200:])
    now = START.isoformat()
    return Model.from_bytes(
        to_bytes(ModelContent("model-1", now, now, products, rows, newest=newest))
    )


def prepare(variant: str) -> InteractionsService:
    """Return the handler's service with a model and trends, calling the store as it is told."""
    trends = {"global": [(number, 1 / number) for number in range(1, 49)]}
    repository = TrendsRepository(client("dynamodb"), "trends")
    repository.write(trends, at=START, until=START + timedelta(days=7))
    service = on_interactions._service()
    service._rankers.model.value = model(Random(1))  # noqa: S311 - the same for every run
    if variant == "boto3":
        service._shoppers._dynamodb = Boto3DynamoDB()
    return service


class Stopwatch:
    """Adds up the processor's time that a function takes."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Ranking) -> Ranking:
        """Return the function with the watch running while it works."""

        def watched(shopper: Shopper) -> tuple[tuple[Pick, ...], str | None]:
            begun = thread_time()
            ranked = function(shopper)
            self.seconds += thread_time() - begun
            return ranked

        return watched


def measured(made: Sequence[dict[str, Any]], ranking: Stopwatch) -> dict[str, float]:
    """Return what the handler needed for the batches, and how much of it for ranking."""
    events = sum(len(batch["Records"]) for batch in made)
    shoppers = sum(len({r["kinesis"]["partitionKey"] for r in b["Records"]}) for b in made)
    ranking.seconds = 0.0
    begun, busy = perf_counter(), process_time()
    for batch in made:
        failed = on_interactions.handler(batch, None)["batchItemFailures"]
        if failed:
            raise RuntimeError(f"{len(failed)} records were not folded")
    busy, took = process_time() - busy, perf_counter() - begun
    return {
        "shoppers_a_batch": round(shoppers / len(made), 1),
        "events_per_s": round(events / took, 1),
        "events_per_cpu_s": round(events / busy, 1),
        "cpu_us": round(busy * 1e6 / events, 1),
        "ranking_us": round(ranking.seconds * 1e6 / events, 1),
    }


def main() -> None:
    """Measure the variant with batches of each size, on one processor."""
    variant, output, processor = sys.argv[1:]
    os.sched_setaffinity(0, {int(processor)})
    service = prepare(variant)
    ranking = Stopwatch()
    service._rankers.rank = ranking.around(service._rankers.rank)  # type: ignore[method-assign, assignment]
    figures = {}
    for at_once in SHOPPERS_AT_ONCE:
        # Sequence numbers only grow, whoever is there.
        events = clicks(Random(7), at_once, first=10**7 * at_once)  # noqa: S311 - no secret
        measured(batches(events, EVENTS[variant], 500), ranking)
        for size in BATCH_SIZES:
            name = f"{at_once} shoppers at once, batches of {size}"
            figures[name] = measured(batches(events, EVENTS[variant], size), ranking)
    Path(output).write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
