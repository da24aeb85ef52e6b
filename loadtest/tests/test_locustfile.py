"""Locust patches the process it runs in, so it gets one of its own."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

import httpx

from loadtest.testing import FakeShop

LOCUSTFILE = Path(__file__).parents[1] / "src/loadtest/locustfile.py"


@contextmanager
def locust(host: str, *options: str) -> Iterator["subprocess.Popen[str]"]:
    crowd = ["--users", "3", "--spawn-rate", "3", "--run-time", "60s", "--host", host]
    with started("--headless", "--json", *crowd, *options) as process:
        yield process


@contextmanager
def started(*options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = monotonic() + 60
    while not holds():
        assert monotonic() < deadline, otherwise
        Event().wait(0.05)


def clicks_in(shop: FakeShop) -> int:
    return sum(event["type"] == "product_view" for event in [*shop.events.values()])


def sessions_of(shop: FakeShop) -> int:
    return len({event["session_id"] for event in [*shop.events.values()]})


def test_visits_appear_in_locusts_statistics(shop: FakeShop, shop_url: str) -> None:
    with locust(shop_url, "--recommender", shop_url, "--think-scale", "0") as process:
        wait_until(lambda: clicks_in(shop) >= 10, "nobody clicked")
        process.send_signal(signal.SIGTERM)
        printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    rows = {(row["method"], row["name"]): row for row in json.loads(printed)}
    assert rows["GET", "GET /products/{id}"]["num_requests"] >= 10
    assert rows["POST", "POST /events"]["num_requests"] > 0
    assert [row["name"] for row in rows.values() if row["num_failures"]] == []


def test_with_a_rate_people_come_who_do_not_wait_and_whatever_goes_wrong_is_sent_again(
    shop: FakeShop, shop_url: str
) -> None:
    options = [
        *("--recommender", shop_url, "--rate", "12", "--shoppers", "8", "--think-scale", "0"),
        *("--malformed-share", "0.3", "--late-share", "0.3", "--dropped-share", "0.5"),
        *("--control-share", "0.5", "--max-visits", "24"),
    ]

    def answer_late(request: httpx.Request) -> httpx.Response:
        """Take longer than any who hang up would wait."""
        Event().wait(0.06)
        return shop.answer(request)

    shop.fail("GET /products/", *[answer_late] * 30)
    with locust(shop_url, *options) as process:
        wait_until(lambda: sessions_of(shop) >= 20, "few came")
        process.send_signal(signal.SIGTERM)
        printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    rows = {(row["method"], row["name"]): row for row in json.loads(printed)}
    assert 20 <= rows["ARRIVE", "late by"]["num_requests"] <= 24
    assert [row["name"] for row in rows.values() if row["num_failures"]] == []
    assert sum(row["num_requests"] for (kind, _), row in rows.items() if kind == "HANG UP") > 0
    # Eight people, three doors: three of each at most, and the same ones come back.
    assert len(shop.users) <= 9
    sent = {event_id for batch in shop.event_batches for event_id in batch}
    assert sent > set(shop.events), "no malformed event was sent, or all were taken"


def test_workers_have_people_and_times_of_their_own(shop: FakeShop, shop_url: str) -> None:
    """Two workers and their master, as on several machines."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    options = ["--rate", "20", "--shoppers", "1", "--think-scale", "0", "--anonymous-share", "0"]
    master = ["--master", "--expect-workers", "2", "--master-bind-host", "127.0.0.1"]
    worker = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    with (
        locust(shop_url, *options, *master, "--master-bind-port", port),
        started(*worker),
        started(*worker),
    ):
        wait_until(lambda: len(shop.users) >= 3, "not everybody came")
        wait_until(lambda: sessions_of(shop) >= 12, "nobody came back")
    # One person for each door, and three doors for two workers: none is there twice.
    numbers = {int(name.rsplit("x", 1)[1]) for name in shop.users}
    assert len(numbers) == 3
    assert {number // 1_000_000 for number in numbers} == {0, 1}


def test_locust_visits_no_other_machine() -> None:
    with locust("http://192.0.2.1") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "'192.0.2.1' is not this machine" in errors
