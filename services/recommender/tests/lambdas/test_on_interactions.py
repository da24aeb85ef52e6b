"""The Lambda: an address for the service, and nothing more."""

import asyncio
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import Shopper
from fashion_kit.clock import utc_now
from infra.local.resources import Resources
from recommender.interactions.factory import make_service
from recommender.interactions.records import FailedRecord, StreamRecord
from recommender.lambdas import on_interactions
from recommender.settings import InteractionsSettings

Events = Callable[..., Interaction]
Records = Callable[[Iterable[Interaction]], list[StreamRecord]]

# OpenTelemetry is in it, but loaded only where traces are on.
NOT_IMPORTED = ("opentelemetry", "prometheus_client")
NOT_IN_THE_BUNDLE = ("fastapi", "sqlalchemy", "duckdb", "jwt", "typer", "numpy")


@pytest.fixture
def handler(stores: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Return the handler in the environment that the Lambda is told."""
    for name in ("shoppers_table", "trends_table", "models_table", "model_bucket"):
        monkeypatch.setenv(f"RECOMMENDER_{name.upper()}", getattr(stores, name))
    for made_once in (on_interactions._service, on_interactions._runner):
        made_once.cache_clear()
    yield on_interactions.handler
    runner = on_interactions._runner()
    runner.run(on_interactions._service().close())
    runner.close()
    for made_once in (on_interactions._service, on_interactions._runner):
        made_once.cache_clear()


async def _applied(settings: InteractionsSettings, batch: list[StreamRecord]) -> list[FailedRecord]:
    service = make_service(settings)
    failed = await service.apply(batch)
    await service.close()
    return failed


def kinesis_event(records: Iterable[StreamRecord]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "kinesis": {
                    "sequenceNumber": record.sequence_number,
                    "data": b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": utc_now().timestamp(),
                }
            }
            for record in records
        ]
    }


@pytest.mark.servers
def test_lambda_and_service_end_in_equal_items(
    handler: Callable[..., Any],
    stored_settings: InteractionsSettings,
    dynamodb: Any,
    event: Events,
    records: Records,
) -> None:
    key = {"TableName": stored_settings.shoppers_table, "Key": {"user_id": {"S": "shopper"}}}
    batch = records([event(5), event(6, EventType.ADD_TO_CART), event(7, EventType.PURCHASE)])

    assert handler(kinesis_event(batch), None) == {"batchItemFailures": []}
    by_lambda = dynamodb.get_item(**key)["Item"]
    dynamodb.delete_item(**key)
    assert asyncio.run(_applied(stored_settings, batch)) == []

    assert dynamodb.get_item(**key)["Item"] == by_lambda


@pytest.mark.servers
def test_poison_and_only_poison_is_named(
    handler: Callable[..., Any],
    event: Events,
    records: Records,
    stored_shopper: Callable[[str], Shopper],
) -> None:
    before, after = records([event(5), event(6)])
    poison = StreamRecord("7", b"poison")

    answer = handler(kinesis_event([before, poison, after]), None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    assert stored_shopper("shopper").seen == {5, 6}


def test_the_bundle_needs_no_library_it_does_not_have() -> None:
    script = (
        "import sys, recommender.lambdas.on_interactions;"
        f" print([name for name in {NOT_IN_THE_BUNDLE + NOT_IMPORTED} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
