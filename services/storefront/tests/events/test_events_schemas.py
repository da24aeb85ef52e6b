"""GET /schemas: the documents by which a website can check what it sends."""

import json

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from services.storefront.tests.conftest import StreamReader
from services.storefront.tests.events.conftest import VIEW, BadEvents

pytestmark = pytest.mark.servers


def validator(client: httpx.Client, url: str) -> Draft202012Validator:
    schema = client.get(url).json()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_every_schema_of_the_list_is_there_and_is_one(client: httpx.Client) -> None:
    links = client.get("/schemas").json()["schemas"]
    names = {(link["name"], link["version"]) for link in links}
    assert {("interaction", 1), ("client-event", 1), ("bad-event", 1)} <= names
    for link in links:
        answer = client.get(link["url"])
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json()["$id"] == link["url"]
        Draft202012Validator.check_schema(answer.json())


def test_a_client_that_knows_it_gets_304(client: httpx.Client) -> None:
    first = client.get("/schemas/interaction/1")
    again = client.get("/schemas/interaction/1", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", ["interaction/2", "nothing/1"])
def test_another_is_404(client: httpx.Client, path: str) -> None:
    assert client.get(f"/schemas/{path}").status_code == 404


def test_a_version_that_is_no_number_is_422(client: httpx.Client) -> None:
    assert client.get("/schemas/interaction/latest").status_code == 422


def test_what_is_sent_carried_answered_and_kept_fits(
    client: httpx.Client, stream: StreamReader, bad_events: BadEvents
) -> None:
    receipt = client.post("/events", json={"events": [VIEW, {"type": "teleport"}]}).json()
    (record,) = stream.read()
    validator(client, "/schemas/client-event/1").validate(VIEW)
    validator(client, "/schemas/interaction/1").validate(json.loads(record.to_record()))
    validator(client, "/schemas/event-receipt/1").validate(receipt)
    validator(client, "/schemas/bad-event/1").validate(bad_events()[0])
