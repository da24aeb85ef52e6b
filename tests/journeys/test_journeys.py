"""The promises of the whole house, kept by real processes: HTTP in, lake out."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from secrets import token_hex
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests.journeys.conftest import SETTINGS, Shopper

from exporter.queries import LakeQueries
from fashion_kit.aws import client
from fashion_kit.clock import day_of, utc_now
from fashion_kit.ids import new_id
from infra.local.delivery import flush
from infra.local.processes import Process
from infra.local.schedule.nights import NightsState
from infra.local.schedule.recurrence import LastRun
from infra.local.schedule.status import ScheduleStatus
from infra.local.stack import Stack
from infra.local.state import StackState
from infra.observe.collector import Collector

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

PATIENCE_SECONDS = 60


def wait_until(what: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not what():
        assert monotonic() < deadline, "it did not happen"
        Event().wait(0.05)


def view(product_id: int, **more: Any) -> dict[str, Any]:
    now = utc_now().isoformat()
    event = {"event_id": new_id(), "type": "product_view", "session_id": "s-1"}
    return event | {"product_id": product_id, "event_time": now, "sent_at": now} | more


def business_day() -> date:
    return day_of(utc_now(), ZoneInfo(SETTINGS.business_timezone))


def has_caught_up(folder: Path, day: date) -> bool:
    status = ScheduleStatus.read(folder)
    return (
        status is not None
        and (status.last_done, status.failed_days) == (day, [])
        and [job.last_run.has_succeeded for job in status.jobs] == [True, None]
    )


def load_today(shop: Stack) -> LakeQueries:
    """Bring what happened until now into the lake."""
    flush(shop.config.folder / "delivery", seconds=PATIENCE_SECONDS)
    day = business_day().isoformat()
    shop.run("load", "exporter", "run", "--day", day, environment=shop.environments.exporter())
    return LakeQueries(shop.environments.resources.glue_database)


class TestPicks:
    def test_a_new_shopper_has_picks(self, shopper: Shopper) -> None:
        assert len(shopper.picks()) == 24

    def test_one_trace_leads_from_the_click_to_the_write_of_the_picks(
        self, shopper: Shopper, collector: Collector
    ) -> None:
        trace_id = token_hex(16)
        browsers = f"00-{trace_id}-00f067aa0ba902b7-01"
        shopper.storefront.headers["traceparent"] = browsers
        shopper.recommender.headers["traceparent"] = browsers
        shopper.send(view(shopper.picks()[0]))
        steps = ["POST /events", "clickstream publish", "picks update", "PutItem shoppers"]
        read = "GET /recommendations/{user_id}"
        seen = collector.wait_for(trace_id, {*steps, read}, seconds=PATIENCE_SECONDS)
        spans = {span.name: span for span in seen}
        assert spans.keys() == {*steps, read}
        click, publish, update, write = (spans[step] for step in steps)
        parents = (publish.parent_id, update.parent_id, write.parent_id)
        assert parents == (click.span_id, click.span_id, update.span_id)
        services = (click.service, update.service, spans[read].service)
        assert services == ("storefront", "recommender-interactions", "recommender")

    def test_the_board_shows_what_went_on(self, shop: Stack, shopper: Shopper) -> None:
        clicked = shopper.picks()[0]
        shopper.send(view(clicked))
        wait_until(lambda: clicked not in shopper.picks())
        folder = str(shop.config.folder)
        command = [sys.executable, "-m", "infra.observe", "--once", "--folder", folder]

        def told() -> str:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        # The poller writes its status five times a second.
        wait_until(lambda: bool(re.search(r"click to pick, p50 +[\d.,]+ ms", told())))
        for shown in ("/recommendations", "accepted", "session", "outbox: lag", "iterator age"):
            assert shown in told()

    def test_a_click_changes_the_picks(self, shopper: Shopper) -> None:
        clicked = shopper.picks()[0]
        shopper.send(view(clicked))
        wait_until(lambda: clicked not in shopper.picks())

    def test_what_was_bought_is_not_picked_again(self, shopper: Shopper) -> None:
        bought = shopper.picks()[0]
        assert shopper.buy(bought).status_code == 201
        wait_until(lambda: bought not in shopper.picks())

    def test_an_erased_account_leaves_no_history(self, shopper: Shopper) -> None:
        clicked = shopper.picks()[0]
        shopper.send(view(clicked))
        wait_until(lambda: shopper.viewed() == [clicked])
        shopper.erase_account()
        wait_until(lambda: shopper.viewed() == [])

    def test_another_shoppers_picks_are_refused(self, shopper: Shopper, stranger: Shopper) -> None:
        answer = stranger.recommender.get(f"/recommendations/{shopper.user_id}")
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"


class TestStream:
    def test_a_poison_record_goes_to_the_failure_queue_and_the_shard_moves_on(
        self, shop: Stack, shopper: Shopper
    ) -> None:
        names = shop.environments.resources
        kinesis: KinesisClient = client("kinesis")
        sqs: SQSClient = client("sqs")
        kinesis.put_record(
            StreamName=names.event_stream, Data=b"\xffnot json", PartitionKey=shopper.user_id
        )
        clicked = shopper.picks()[0]
        shopper.send(view(clicked))
        wait_until(lambda: clicked not in shopper.picks())
        messages = sqs.receive_message(QueueUrl=names.failure_queue_url, WaitTimeSeconds=5)
        body = json.loads(messages["Messages"][0]["Body"])
        assert body["KinesisBatchInfo"]["batchSize"] == 1


class TestLake:
    def test_a_purchase_is_in_the_lake_to_the_cent(self, shop: Stack, shopper: Shopper) -> None:
        purchase = shopper.buy(shopper.picks()[3], quantity=2).json()
        rows = load_today(shop).query(
            f"SELECT total, line_count FROM purchases WHERE id = '{purchase['id']}'"  # noqa: S608
        )
        assert rows.rows == [(Decimal(purchase["total"]), 1)]

    def test_an_event_sent_twice_is_in_the_lake_once(self, shop: Stack, shopper: Shopper) -> None:
        event = view(shopper.picks()[5])
        assert shopper.send(event)["accepted"] == 1
        assert shopper.send(event)["accepted"] == 1
        rows = load_today(shop).query(
            f"SELECT COUNT(*) FROM events WHERE event_id = '{event['event_id']}'"  # noqa: S608
        )
        assert rows.rows == [(1,)]


class TestSchedule:
    def test_a_missed_day_is_loaded_and_the_model_is_built(
        self, shop: Stack, tmp_path: Path
    ) -> None:
        yesterday, long_ago = business_day() - timedelta(days=1), utc_now() - timedelta(days=2)
        missed = NightsState(last_done=yesterday - timedelta(days=1))
        (tmp_path / "state.json").write_text(missed.model_dump_json())
        (tmp_path / "build.json").write_text(LastRun(began_at=long_ago).model_dump_json())
        told = shop.environments.schedule() | {"SCHEDULE_STATE_FOLDER": str(tmp_path)}
        schedule = Process("schedule", tmp_path / "schedule.log")
        schedule.start([sys.executable, "-m", "infra.local.schedule"], told)
        try:
            wait_until(lambda: has_caught_up(tmp_path, yesterday))
        finally:
            schedule.stop()


class TestBadInput:
    def test_a_bad_event_is_kept_with_its_reason_and_its_neighbours_pass(
        self, shop: Stack, shopper: Shopper
    ) -> None:
        nameless = view(1)
        del nameless["event_id"]
        nameless["session_id"] = marker = new_id()
        verdicts = shopper.send(view(shopper.picks()[0]), nameless)
        assert [verdict["status"] for verdict in verdicts["verdicts"]] == ["accepted", "rejected"]
        kept = [line for line in bad_lines(shop) if marker in json.dumps(line["raw"])]
        assert "event_id" in kept[0]["reason"]

    def test_a_forged_price_is_refused(self, shopper: Shopper) -> None:
        line = {"product_id": shopper.picks()[0], "quantity": 1, "unit_price": "0.01"}
        answer = shopper.storefront.post(
            "/purchases", json={"lines": [line]}, headers={"Idempotency-Key": new_id()}
        )
        assert_problem(answer, 409, "price-changed")

    def test_an_unknown_product_is_refused(self, shopper: Shopper) -> None:
        assert_problem(shopper.buy(4_000_000_000), 422, "unknown-product")

    def test_another_users_cart_is_not_found(self, shopper: Shopper, stranger: Shopper) -> None:
        product = shopper.picks()[0]
        cart = shopper.storefront.put(f"/cart/lines/{product}", json={"quantity": 1}).json()
        answer = stranger.storefront.post(
            "/purchases", json={"cart_id": cart["id"]}, headers={"Idempotency-Key": new_id()}
        )
        assert_problem(answer, 404)

    def test_too_many_events_are_refused(self, shopper: Shopper) -> None:
        events = [view(1) for _ in range(501)]
        assert_problem(shopper.storefront.post("/events", json={"events": events}), 422)

    @pytest.mark.parametrize("path", ["/events", "/purchases"])
    def test_broken_json_is_refused(self, shopper: Shopper, path: str) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": new_id()}
        assert_problem(shopper.storefront.post(path, content=b'{"a":', headers=headers), 400)


class TestStack:
    def test_every_process_runs_and_is_ready(self, shop: Stack) -> None:
        state = StackState.read(shop.config.folder)
        assert state is not None
        assert all(process.process() is not None for process in state.processes)
        assert all(service.is_ready() for service in shop.services)

    def test_a_service_that_ended_is_started_again(self, shop: Stack) -> None:
        relay = shop.service("relay")
        relay.process.kill()
        shop.restart_what_ended()
        assert relay.is_ready()


def assert_problem(answer: httpx.Response, status: int, name: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(name)


def bad_lines(shop: Stack) -> list[dict[str, Any]]:
    s3: S3Client = client("s3")
    bucket = shop.environments.resources.landing_bucket
    lines: list[dict[str, Any]] = []
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix="bad/").get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        text = gzip.decompress(body) if entry["Key"].endswith(".gz") else body
        lines += [json.loads(line) for line in text.splitlines()]
    return lines
