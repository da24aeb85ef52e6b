"""GET /dev/events: there while a website is developed, and not there at all otherwise."""

import httpx
import pytest
from services.storefront.tests.conftest import InProcess
from services.storefront.tests.events.conftest import VIEW

pytestmark = pytest.mark.servers

BATCH = {"events": [VIEW, {"type": "teleport"}, VIEW | {"event_id": "e-2"}]}


async def test_it_shows_what_became_of_the_last_events(in_process: InProcess) -> None:
    async with in_process({"development": True}) as client:
        await client.post("/events", json=BATCH)
        counts = (await client.get("/dev/events/all")).json()
        good = (await client.get("/dev/events/good")).json()
        bad = (await client.get("/dev/events/bad")).json()
    assert counts == {"total": 3, "good": 2, "bad": 1}
    assert [event["event_id"] for event in good] == ["e-2", "e-1"]
    assert "received_at" in good[0]
    assert [event["raw"] for event in bad] == [{"type": "teleport"}]
    assert bad[0]["schema"] == "bad-event/1"


async def test_it_forgets_the_oldest_but_counts_them(in_process: InProcess) -> None:
    async with in_process({"development": True, "development_events_kept": 1}) as client:
        await client.post("/events", json=BATCH)
        good = (await client.get("/dev/events/good")).json()
        counts = (await client.get("/dev/events/all")).json()
    assert [event["event_id"] for event in good] == ["e-2"]
    assert counts["good"] == 2


async def test_a_reset_forgets_all(in_process: InProcess) -> None:
    async with in_process({"development": True}) as client:
        await client.post("/events", json=BATCH)
        counts = (await client.get("/dev/events/reset")).json()
        good = (await client.get("/dev/events/good")).json()
    assert (counts, good) == ({"total": 0, "good": 0, "bad": 0}, [])


async def test_it_is_documented_while_it_is_there(in_process: InProcess) -> None:
    async with in_process({"development": True}) as client:
        assert "/dev/events/all" in (await client.get("/openapi.json")).json()["paths"]


@pytest.mark.parametrize("name", ["all", "good", "bad", "reset"])
def test_in_production_there_is_no_such_thing(client: httpx.Client, name: str) -> None:
    assert client.get(f"/dev/events/{name}").status_code == 404
    assert f"/dev/events/{name}" not in client.get("/openapi.json").json()["paths"]
