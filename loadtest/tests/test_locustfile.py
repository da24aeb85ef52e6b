"""Locust patches the process it runs in, so it gets one of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

from loadtest.testing import FakeShop

LOCUSTFILE = Path(__file__).parents[1] / "src/loadtest/locustfile.py"


@contextmanager
def locust(host: str, *options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--json"),
            *("--users", "3", "--spawn-rate", "3", "--run-time", "60s", "--host", host, *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def wait_for_clicks(shop: FakeShop, count: int) -> None:
    deadline = monotonic() + 60
    while sum(event["type"] == "product_view" for event in [*shop.events.values()]) < count:
        assert monotonic() < deadline, "nobody clicked"
        Event().wait(0.05)


def test_visits_appear_in_locusts_statistics(shop: FakeShop, shop_url: str) -> None:
    with locust(shop_url, "--recommender", shop_url, "--think-scale", "0") as process:
        wait_for_clicks(shop, 10)
        process.send_signal(signal.SIGTERM)
        printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    rows = {(row["method"], row["name"]): row for row in json.loads(printed)}
    assert rows["GET", "GET /products/{id}"]["num_requests"] >= 10
    assert rows["POST", "POST /events"]["num_requests"] > 0
    assert [row["name"] for row in rows.values() if row["num_failures"]] == []


def test_locust_visits_no_other_machine() -> None:
    with locust("http://192.0.2.1") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "'192.0.2.1' is not this machine" in errors
