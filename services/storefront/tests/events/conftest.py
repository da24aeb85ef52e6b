"""The intake under test: what it kept, and tokens that no endpoint need give out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fashion_contracts.landing import BAD_EVENTS_PREFIX
from fashion_kit import aws as kit_aws
from fashion_kit.clock import utc_now
from fashion_kit.tokens import Identity, issue_token
from infra.local.resources import Resources
from storefront.settings import StorefrontSettings

VIEW: dict[str, Any] = {
    "event_id": "e-1",
    "type": "product_view",
    "anonymous_id": "anon-12345678",
    "session_id": "s-1",
    "product_id": 7,
    "event_time": "2026-03-01T12:00:00Z",
}
DIALECTS = Path(__file__).with_name("dialects")

BadEvents = Callable[[], list[dict[str, Any]]]
BearerOf = Callable[[str, str], dict[str, str]]


@pytest.fixture
def bad_events(resources: Resources) -> BadEvents:
    """Return a reader of the bad events kept since the test began."""
    bucket = resources.landing_bucket
    s3 = kit_aws.client("s3")

    def keys() -> set[str]:
        found = s3.list_objects_v2(Bucket=bucket, Prefix=BAD_EVENTS_PREFIX)
        return {entry["Key"] for entry in found.get("Contents", [])}

    before = keys()

    def read() -> list[dict[str, Any]]:
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"] for key in keys() - before]
        return [json.loads(line) for body in bodies for line in body.read().splitlines()]

    return read


@pytest.fixture
def bearer_of(storefront_settings: StorefrontSettings) -> BearerOf:
    """Return a maker of Authorization headers for any id and role."""
    key = storefront_settings.token_private_key_file.read_text()
    lifetime = storefront_settings.token_lifetime

    def make(user_id: str, role: str) -> dict[str, str]:
        token = issue_token(Identity(user_id, role), key, now=utc_now(), lifetime=lifetime)
        return {"Authorization": f"Bearer {token}"}

    return make
