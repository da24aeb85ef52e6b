"""What a load test reads of its own shop: bad events kept, and who is remembered from the past."""

import asyncio
import gzip
import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fashion_contracts.events import Interaction
from fashion_kit.aws import client
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.demo.reconcile import Discrepancies
from infra.load.bad_events import kept_bad_events
from infra.load.figures import OF_OWN_SHOP, not_kept
from infra.load.past import BATCH, PastNotRememberedError, remember
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.event_source.function import Answer, LambdaFunction
from infra.local.resources import Resources
from loadtest.history import HistoryConfig, write_history
from loadtest.personas import browser_id_of
from loadtest.reports import RejectedEvent, VisitReport
from loadtest.slo import read_objectives
from storefront.events.publisher import BadEventStore
from storefront.events.schemas import BadEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.servers

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def s3(aws: AwsEndpoint) -> "S3Client":
    s3: S3Client = client("s3")
    return s3


@pytest.fixture
def bucket(s3: "S3Client") -> str:
    name = f"landing-{new_id().lower()}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def store(s3: "S3Client", bucket: str) -> Iterator[BadEventStore]:
    with ThreadPoolExecutor(1) as pool:
        yield BadEventStore(s3, bucket, pool, new_id=new_id)


def bad(event_id: str, reason: str, received_at: datetime = NOW) -> BadEvent:
    return BadEvent(reason=reason, raw={"event_id": event_id}, received_at=received_at)


class TestBadEvents:
    def test_those_of_all_hours_of_the_load_are_found_with_their_reasons(
        self, s3: "S3Client", bucket: str, store: BadEventStore
    ) -> None:
        asyncio.run(store.keep([bad("a", "type"), bad("b", "time")]))
        asyncio.run(store.keep([bad("c", "type", NOW + HOUR)]))
        asyncio.run(store.keep([bad("later", "type", NOW + 3 * HOUR)]))
        found = kept_bad_events(s3, bucket, NOW, NOW + timedelta(minutes=31))
        assert found == {("a", "type"), ("b", "time"), ("c", "type")}

    def test_what_was_sent_twice_counts_once_and_the_lakes_own_lines_not_at_all(
        self, s3: "S3Client", bucket: str, store: BadEventStore
    ) -> None:
        for _ in range(2):
            asyncio.run(store.keep([bad("a", "type")]))
        lakes = json.dumps({"source_key": "x", "line_number": 1, "reason": "json", "raw": "{"})
        key = "bad/dt=2026-03-01/hour=12/x.gz.bad.jsonl"
        s3.put_object(Bucket=bucket, Key=key, Body=lakes.encode())
        assert kept_bad_events(s3, bucket, NOW, NOW) == {("a", "type")}

    def test_a_refused_event_that_is_not_there_or_has_another_reason_is_missed(self) -> None:
        refused = [RejectedEvent("a", "type"), RejectedEvent("b", "time"), RejectedEvent("c", "id")]
        crowd = VisitReport(malformed_events=3, malformed_refused=refused)
        assert not_kept(crowd, {("a", "type"), ("b", "time"), ("c", "id")}) == 0
        assert not_kept(crowd, {("a", "type"), ("b", "type")}) == 2


def test_what_only_an_own_shop_tells_is_an_objective_each() -> None:
    objectives = {each.path[0] for each in read_objectives()}
    assert objectives >= OF_OWN_SHOP > set(Discrepancies.__dataclass_fields__)


class TestRemember:
    @pytest.fixture
    def past(self, s3: "S3Client", bucket: str, tmp_path: Path) -> Sequence[Interaction]:
        """Yesterday's visits in the landing zone."""
        rows = [
            {"id": n, "sub_category": "Topwear", "base_colour": "Red", "price": "9.00"}
            for n in range(1, 60)
        ]
        config = HistoryConfig(end=utc_now(), sessions=120, days=1, seed=8)
        write_history(rows, config, tmp_path)
        acts: list[Interaction] = []
        for file in sorted(path for path in tmp_path.rglob("*.gz")):
            key = str(file.relative_to(tmp_path))
            s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
            acts += map(Interaction.from_record, gzip.decompress(file.read_bytes()).splitlines())
        return acts

    def test_who_may_come_is_given_in_order_and_nobody_else(
        self, s3: "S3Client", bucket: str, past: Sequence[Interaction]
    ) -> None:
        given: list[list[tuple[int, Interaction]]] = []

        def take(event: dict[str, Any]) -> Answer:
            records = [each["kinesis"] for each in event["Records"]]
            given.append(
                [
                    (int(each["sequenceNumber"]), Interaction.from_record(b64decode(each["data"])))
                    for each in records
                ]
            )
            return Answer({"batchItemFailures": []})

        may_come = {browser_id_of(8, number) for number in range(20)}
        known = remember(s3, bucket, take, may_come)
        acts = [act for batch in given for act in batch]
        assert known == {a.anonymous_id for a in past if a.anonymous_id in may_come} != set()
        assert {act.event_id for _, act in acts} == {
            a.event_id for a in past if a.anonymous_id in known
        }
        assert [number for number, _ in acts] == [*range(1, len(acts) + 1)]
        assert all(len(batch) <= BATCH for batch in given)
        for browser in known:
            times = [act.event_time for _, act in acts if act.shopper_id == browser]
            assert times == sorted(times)

    @pytest.mark.parametrize(
        "answer",
        [Answer(None, "Unhandled"), Answer({"batchItemFailures": [{"itemIdentifier": "1"}]})],
    )
    def test_a_past_that_is_not_taken_is_told(
        self, s3: "S3Client", bucket: str, past: Sequence[Interaction], answer: Answer
    ) -> None:
        browsers = {act.anonymous_id for act in past if act.anonymous_id is not None}
        with pytest.raises(PastNotRememberedError):
            remember(s3, bucket, lambda _: answer, browsers)

    def test_the_recommender_knows_them_afterwards(
        self,
        s3: "S3Client",
        bucket: str,
        past: Sequence[Interaction],
        resources_with_functions: Resources,
    ) -> None:
        looked = next(a for a in past if a.product_id is not None and a.anonymous_id is not None)
        name = resources_with_functions.interactions_function
        function = LambdaFunction(client("lambda", read_timeout_seconds=30), name)
        assert remember(s3, bucket, function, {str(looked.anonymous_id)})
        dynamodb: DynamoDBClient = client("dynamodb")
        item = dynamodb.get_item(
            TableName=resources_with_functions.shoppers_table,
            Key={"user_id": {"S": str(looked.anonymous_id)}},
        )
        assert "history" in item["Item"]
