"""What the function says of a batch: how much was applied, came again, was late, or was poison."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.measures import UNITS, BatchMeasures
from fashion_kit import logs
from fashion_kit.dynamodb.client import DynamoDB
from infra.local.event_source.measures import measures_in
from recommender.interactions.records import StreamRecord
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService
from recommender.interactions.tally import MeasuresLog
from recommender.picks.rankers import Rankers
from recommender.settings import InteractionsSettings

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)

Events = Callable[..., Interaction]
Records = Callable[[Iterable[Interaction]], list[StreamRecord]]
Apply = Callable[[list[StreamRecord]], "BatchMeasures"]


@pytest.fixture
def told() -> list[BatchMeasures]:
    return []


@pytest.fixture
def service(
    settings: InteractionsSettings,
    memory: DynamoDB,
    rankers: Rankers,
    told: list[BatchMeasures],
) -> InteractionsService:
    shoppers = ShoppersRepository(memory, "shoppers")
    return InteractionsService(settings, shoppers, rankers, clock=lambda: NOW, tell=told.append)


async def test_the_time_from_receipt_to_picks_is_told_of_each_event(
    service: InteractionsService, told: list[BatchMeasures], event: Events, records: Records
) -> None:
    await service.apply(records([event(5, at=NOW - A_SECOND), event(6, at=NOW - 2 * A_SECOND)]))
    (measures,) = told
    assert (measures.applied, measures.click_to_pick_seconds) == (2, [1.0, 2.0])


async def test_nothing_took_less_than_no_time_whoevers_clock_is_ahead(
    service: InteractionsService, told: list[BatchMeasures], event: Events, records: Records
) -> None:
    await service.apply(records([event(5, at=NOW + A_SECOND)]))
    assert told[0].click_to_pick_seconds == [0.0]


async def test_what_is_delivered_again_counts_as_duplicate_only(
    service: InteractionsService, told: list[BatchMeasures], event: Events, records: Records
) -> None:
    batch = records([event(5, at=NOW), event(6, at=NOW)])
    await service.apply(batch)
    await service.apply(batch)
    assert [(one.applied, one.duplicate) for one in told] == [(2, 0), (0, 2)]


async def test_what_a_client_sends_twice_counts_once(
    service: InteractionsService, told: list[BatchMeasures], event: Events, records: Records
) -> None:
    click = event(5, at=NOW)
    await service.apply(records([click, click]))
    await service.apply(records([click]))
    assert [(one.applied, one.duplicate) for one in told] == [(1, 1), (0, 1)]
    assert told[1].click_to_pick_seconds == []


async def test_late_is_what_reached_the_shop_long_after_it_happened(
    service: InteractionsService,
    settings: InteractionsSettings,
    told: list[BatchMeasures],
    event: Events,
    records: Records,
) -> None:
    lag = settings.late_after
    punctual = event(5, at=NOW - lag, received_at=NOW)
    late = event(6, at=NOW - lag - A_SECOND, received_at=NOW)
    await service.apply(records([punctual, late]))
    assert (told[0].applied, told[0].late) == (2, 1)


async def test_poison_and_what_could_not_be_written_are_told_apart(
    service: InteractionsService,
    told: list[BatchMeasures],
    memory: "object",
    event: Events,
    records: Records,
) -> None:
    memory.faults = iter(["", "throttled"])  # type: ignore[attr-defined]
    await service.apply([*records([event(5, at=NOW)]), StreamRecord("7", b"poison")])
    assert (told[0].poison, told[0].failed, told[0].applied) == (1, 1, 0)


async def test_what_changes_no_picks_is_in_no_count(
    service: InteractionsService, told: list[BatchMeasures], event: Events, records: Records
) -> None:
    await service.apply(records([event(None, EventType.PAGE_VIEW, at=NOW)]))
    assert told == [BatchMeasures()]


def test_the_line_is_cloudwatchs_and_the_event_source_pollers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO", "json", service="recommender-interactions")
    measures = BatchMeasures(applied=2, late=1, click_to_pick_seconds=[0.05, 0.07])
    MeasuresLog(lambda: NOW)(measures)
    line = capsys.readouterr().err
    told = json.loads(line)
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == UNITS
    assert told["_aws"]["Timestamp"] == int(NOW.timestamp() * 1000)
    # CloudWatch takes what is named from the line itself.
    assert set(UNITS) | {"service"} <= told.keys()
    assert [directive["Dimensions"], directive["Namespace"]] == [[["service"]], "FashionStore"]
    assert measures_in(f"half a line\n{line}") == measures
