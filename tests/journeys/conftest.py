"""One small shop for all journeys: every process real, every answer over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from rich.console import Console

from fashion_kit import aws as kit_aws
from fashion_kit.ids import new_id
from infra.local.progress import Steps
from infra.local.settings import LocalSettings
from infra.local.stack import Stack, StackConfig
from infra.observe.collector import Collector, collecting

SETTINGS = LocalSettings(products=300, history_sessions=300, history_days=3, loaded_days=0)
OVERRIDES = {
    "EXPORTER_DELIVERY_GRACE": "PT0S",
    "RECOMMENDER_AVAILABILITY_REFRESH_SECONDS": "0.2",
    # Spans are sent at once, and not every five seconds.
    "OTEL_BSP_SCHEDULE_DELAY": "100",
}


@dataclass
class Shopper:
    """Somebody with an account, and the two services as their browser sees them."""

    user_id: str
    password: str
    storefront: httpx.Client
    recommender: httpx.Client

    def picks(self) -> list[int]:
        answer = self.recommender.get(f"/recommendations/{self.user_id}", params={"limit": 24})
        assert answer.status_code == 200, answer.text
        return [item["product_id"] for item in answer.json()["items"]]

    def viewed(self) -> list[int]:
        answer = self.recommender.get(f"/recommendations/{self.user_id}/recently-viewed")
        assert answer.status_code == 200, answer.text
        return [item["product_id"] for item in answer.json()["items"]]

    def erase_account(self) -> None:
        body = {"password": self.password}
        answer = self.storefront.request("DELETE", "/users/me", json=body)
        assert answer.status_code == 204, answer.text

    def send(self, *events: dict[str, Any]) -> dict[str, Any]:
        answer = self.storefront.post("/events", json={"events": list(events)})
        assert answer.status_code == 202, answer.text
        verdicts: dict[str, Any] = answer.json()
        return verdicts

    def buy(self, product_id: int, quantity: int = 1) -> httpx.Response:
        return self.storefront.post(
            "/purchases",
            json={"lines": [{"product_id": product_id, "quantity": quantity}]},
            headers={"Idempotency-Key": new_id()},
        )


@pytest.fixture(scope="module")
def traces() -> Iterator[tuple[Collector, str]]:
    """Return the collector to which the shop sends its traces, and its address."""
    with collecting() as collecting_at:
        yield collecting_at


@pytest.fixture
def collector(traces: tuple[Collector, str]) -> Collector:
    return traces[0]


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, traces: tuple[Collector, str]
) -> Iterator[Stack]:
    """Return the running shop; this process's AWS clients are pointed to it."""
    settings = SETTINGS.model_copy(update={"otlp_endpoint": traces[1]})
    config = StackConfig(tmp_path_factory.mktemp("shop"), settings=settings, overrides=OVERRIDES)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
            patch.setenv(name, "set by the stack")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"):
            patch.setenv(name, "set by the stack")
        kit_aws._session.cache_clear()
        with Stack(config, Steps(Console(quiet=True))) as stack:
            yield stack
    kit_aws._session.cache_clear()


@pytest.fixture
def shopper(shop: Stack) -> Iterator[Shopper]:
    """Return a new shopper."""
    yield from new_shopper(shop)


@pytest.fixture
def stranger(shop: Stack) -> Iterator[Shopper]:
    """Return another one."""
    yield from new_shopper(shop)


def new_shopper(shop: Stack) -> Iterator[Shopper]:
    with (
        httpx.Client(base_url=shop.url_of("storefront"), timeout=10) as storefront,
        httpx.Client(base_url=shop.url_of("recommender"), timeout=10) as recommender,
    ):
        name, password = f"u{new_id()}".lower(), new_id()
        person = {
            "username": name,
            "first_name": "Linh",
            "last_name": "Tran",
            "email": f"{name}@example.com",
            "password": password,
        }
        user = storefront.post("/users", json=person)
        assert user.status_code == 201, user.text
        token = storefront.post("/token", data={"username": name, "password": password})
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        storefront.headers.update(bearer)
        recommender.headers.update(bearer)
        yield Shopper(user.json()["id"], password, storefront, recommender)
