"""The board tells what the processes told: over a window, and since the start."""

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from rich.console import Console

from fashion_contracts.measures import BatchMeasures
from fashion_kit.textfile import Figure, write_textfile
from infra.local.event_source.measures import BOUNDS, MeasuresSum, measures_in
from infra.local.event_source.status import EventSourceStatus
from infra.observe.board import board
from infra.observe.endpoint import scrape_endpoint
from infra.observe.scrape import Snapshot, Values, Window, values_of, window

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BATCH = BatchMeasures(applied=3, duplicate=1, late=1, click_to_pick_seconds=[0.04, 0.05, 0.9])


def seen(at: datetime, **sources: Values | None) -> Snapshot:
    return Snapshot(at, sources)


def text_of(board: object, width: int = 160) -> str:
    console = Console(width=width, record=True, file=StringIO())
    console.print(board)
    return console.export_text()


class Shop:
    """Counts as the services do, into a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("http_requests", "-", labels, registry=self.registry)
        self.seconds = Histogram(
            "http_request_seconds", "-", ["method", "route"], registry=self.registry
        )

    def answer(self, route: str, status: int, seconds: float) -> None:
        self.requests.labels("GET", route, status).inc()
        self.seconds.labels("GET", route).observe(seconds)

    def values(self) -> Values:
        return values_of(generate_latest(self.registry).decode())


def test_rates_and_errors_are_those_of_the_window() -> None:
    shop = Shop()
    for _ in range(100):
        shop.answer("/old", 500, 1)
    before = seen(NOON, storefront=shop.values())
    for status in [200] * 15 + [503] * 5:
        shop.answer("/events", status, 0.02)
    shop.answer("/metrics", 200, 5)
    after = seen(NOON + timedelta(seconds=10), storefront=shop.values())
    lines = text_of(board(after, before, NOON - timedelta(hours=1))).splitlines()
    (events,) = [line for line in lines if "/events" in line]
    assert re.split(" {2,}", events.strip())[1:4] == ["2.0", "25.0%", "0.0%"]
    # What did not happen in the window, and what only machines ask, is not told.
    assert not any("/old" in line or "/metrics" in line for line in lines)


def test_without_a_window_it_tells_since_the_start() -> None:
    shop = Shop()
    for _ in range(60):
        shop.answer("/events", 200, 0.02)
    after = seen(NOON + timedelta(minutes=1), storefront=shop.values())
    text = text_of(board(after, None, NOON))
    assert "since the start" in text
    assert "1.0" in text


def test_a_service_that_does_not_answer_is_said_to() -> None:
    assert "no answer" in text_of(board(seen(NOON, recommender=None), None, NOON))


@given(st.lists(st.floats(0.001, 9), min_size=1), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    shop = Shop()
    for value in values:
        shop.answer("/", 200, value)
    found = Window(1, {}, shop.values()).quantile("http_request_seconds", share)
    true = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    bounds = [0, *(float(bound) for bound in Histogram.DEFAULT_BUCKETS)]
    above = min(bound for bound in bounds if bound >= true)
    below = max(bound for bound in bounds if bound < above)
    assert found is not None
    assert below <= found <= above


def test_a_process_that_began_anew_counts_from_nothing() -> None:
    shop, anew = Shop(), Shop()
    for _ in range(9):
        shop.answer("/", 200, 1)
    anew.answer("/", 200, 1)
    assert Window(1, shop.values(), anew.values()).grown("http_requests_total") == 1


@given(st.lists(st.lists(st.floats(0, 100), max_size=5), max_size=5), st.randoms())
def test_batches_add_up_in_any_order(batches: list[list[float]], random: Random) -> None:
    sums = [MeasuresSum.of(BatchMeasures(applied=len(b), click_to_pick_seconds=b)) for b in batches]
    total = sum(sums, MeasuresSum())
    random.shuffle(sums)
    assert sum(sums, MeasuresSum()).click_to_pick_counts == total.click_to_pick_counts
    assert sum(total.click_to_pick_counts) == total.applied == sum(map(len, batches))
    everything = [seconds for batch in batches for seconds in batch]
    assert total.click_to_pick_counts[-1] == sum(seconds > BOUNDS[-1] for seconds in everything)


@pytest.mark.parametrize(
    "log", ["", "START\nEND", '{"event": "other"}', '["_aws"]', '{"_aws": 1, "applied": "x"}', "7"]
)
def test_a_log_that_says_nothing_of_the_batch_is_no_measure(log: str) -> None:
    assert measures_in(log) is None


def test_one_endpoint_tells_of_workers_and_textfiles_as_they_stand(tmp_path: Path) -> None:
    state, textfiles = tmp_path / "state", tmp_path / "metrics"
    with scrape_endpoint(state, textfiles, host="127.0.0.1", port=0) as url:
        assert values_of(httpx.get(url).text) == {}
        (state / "event-source").mkdir(parents=True)
        EventSourceStatus(
            pid=1,
            records=4,
            batches=1,
            failures=0,
            iterator_age_ms=1500,
            last_sequence_numbers={},
            measures=MeasuresSum.of(BATCH),
        ).write(state / "event-source")
        write_textfile(textfiles, "relay", {Figure("outbox_lag_seconds", "-"): 7})
        told = Window(1, {}, values_of(httpx.get(url).text))
        assert httpx.get(url.replace("/metrics", "/other")).status_code == 404
    assert told.now("iterator_age_seconds") == 1.5
    assert told.now("outbox_lag_seconds") == 7
    outcomes = {"applied": 3, "duplicate": 1, "late": 1, "poison": 0, "failed": 0}
    assert told.by("interactions_total", "outcome") == outcomes
    assert told.now("click_to_pick_seconds_count") == 3
    assert told.now("click_to_pick_seconds_bucket", le="0.05") == 2
    assert told.now("click_to_pick_seconds_sum") == pytest.approx(0.99)


def test_a_source_that_is_new_counts_since_the_window_began() -> None:
    shop = Shop()
    shop.answer("/", 200, 1)
    quiet: Mapping[str, Values | None] = {"storefront": None}
    before, after = (
        Snapshot(NOON, quiet),
        seen(NOON + timedelta(seconds=5), storefront=shop.values()),
    )
    found = window("storefront", after, before, NOON)
    assert found is not None
    assert (found.seconds, found.grown("http_requests_total")) == (5, 1)


def test_the_command_says_when_no_shop_is_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.observe", "--once", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, "No shop is up" in done.stdout) == (1, True)
