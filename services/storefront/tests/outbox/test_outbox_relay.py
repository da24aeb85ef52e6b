"""The outbox relay: everything committed arrives, at least once, in each shopper's order."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper, StreamReader
from services.storefront.tests.outbox.conftest import FlakyPublisher, leave, waiting
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from fashion_kit.batcher import Refused
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.settings import inherited_environment
from storefront.database import Sessions
from storefront.models import OutboxEvent
from storefront.outbox.relay import Relay, acknowledged
from storefront.settings import StorefrontSettings
from storefront.stream import StreamPublisher, StreamUnavailableError

pytestmark = pytest.mark.servers


def ids(stream: StreamReader) -> list[str]:
    """Return what came, in the order of its ids: between shards there is no other."""
    return sorted(event.event_id for event in stream.read())


def test_a_purchase_reaches_the_stream(
    shopper: Shopper,
    make_product: MakeProduct,
    relay: Relay,
    stream: StreamReader,
    session: Session,
) -> None:
    bought = shopper.buy(make_product(price="10.00"), 3).json()
    assert relay.relay_batch() == 1
    (event,) = stream.read()
    assert (event.type, event.purchase_id, event.quantity) == ("purchase", bought["id"], 3)
    assert (event.shopper_id, str(event.price)) == (shopper.id, "10.00")
    assert waiting(session) == []


def test_what_was_sent_is_not_sent_again(
    session: Session, relay: Relay, stream: StreamReader
) -> None:
    left = leave(session, "u-1", "u-2")
    assert relay.relay_batch() == 2
    assert relay.relay_batch() == 0
    assert ids(stream) == left


def test_death_between_put_and_mark_sends_again_under_the_same_ids(
    session: Session, relay: Relay, flaky: FlakyPublisher, stream: StreamReader
) -> None:
    left = leave(session, "u-1", "u-2")
    flaky.dies_after_put = True
    with pytest.raises(StreamUnavailableError):
        relay.relay_batch()
    assert waiting(session) == left
    relay.relay_batch()
    assert ids(stream) == sorted(left + left)
    assert waiting(session) == []


def test_a_refused_record_waits_and_the_others_go(
    session: Session, relay: Relay, flaky: FlakyPublisher, stream: StreamReader
) -> None:
    first, second = leave(session, "u-1", "u-2")
    flaky.refused = {"u-1"}
    assert relay.relay_batch() == 1
    assert waiting(session) == [first]
    flaky.refused = set()
    relay.relay_batch()
    assert ids(stream) == [first, second]


def test_what_follows_a_refused_record_of_the_same_shopper_is_sent_again_behind_it() -> None:
    rows = [
        OutboxEvent(position=position, partition_key=owner)
        for position, owner in enumerate(["u-1", "u-2", "u-1", "u-2"])
    ]
    answers: list[str | Refused] = ["1", Refused("throttled"), "3", "4"]
    assert [row.position for row in acknowledged(rows, answers)] == [0, 2]


def test_a_row_that_became_visible_late_is_not_missed(
    sessions: Sessions, session: Session, relay: Relay, stream: StreamReader
) -> None:
    with sessions() as slow:
        early = new_id()
        event = {"event_id": early, "partition_key": "u-1", "payload": "{}"}
        slow.execute(insert(OutboxEvent).values(**event, created_at=utc_now()))
        (late,) = leave(session, "u-2")
        assert relay.relay_batch() == 1
        assert ids(stream) == [late]
        slow.commit()
    assert waiting(session) == [early]
    assert relay.relay_batch() == 1


def test_two_relays_share_the_work(
    sessions: Sessions,
    session: Session,
    publisher: StreamPublisher,
    storefront_settings: StorefrontSettings,
    stream: StreamReader,
) -> None:
    left = leave(session, *(f"u-{number}" for number in range(40)))
    settings = storefront_settings.model_copy(update={"relay_batch_size": 5})
    relays = [Relay(sessions, publisher, settings, clock=utc_now) for _ in range(2)]

    def drain(relay: Relay) -> None:
        while relay.relay_batch():
            pass

    threads = [Thread(target=drain, args=(relay,)) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain(relays[0])
    assert ids(stream) == left


def test_a_failure_does_not_end_the_relay(
    session: Session, relay: Relay, flaky: FlakyPublisher, stream: StreamReader
) -> None:
    flaky.dies_after_put = True
    left = leave(session, "u-1")
    stop = Event()
    running = Thread(target=relay.run, args=(stop,))
    running.start()
    deadline = monotonic() + 10
    while waiting(session) and monotonic() < deadline:
        stop.wait(0.01)
    stop.set()
    running.join()
    assert ids(stream) == left + left


@pytest.fixture
def relay_process(
    aws: AwsEndpoint, storefront_url: str, storefront_settings: StorefrontSettings
) -> Iterator[subprocess.Popen[bytes]]:
    settings = {
        "STOREFRONT_DATABASE_URL": storefront_url,
        "STOREFRONT_EVENT_STREAM": storefront_settings.event_stream,
        "STOREFRONT_HOUSEKEEPING_PAUSE": "PT0.1S",
    }
    environment = inherited_environment() | aws.environment() | settings
    command = [sys.executable, "-m", "storefront", "relay"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def test_the_command_relays_until_it_is_told_to_end(
    session: Session,
    sessions: Sessions,
    relay_process: subprocess.Popen[bytes],
    stream: StreamReader,
) -> None:
    left = leave(session, "u-1")
    deadline = monotonic() + 20
    while waiting(session) and monotonic() < deadline:
        Event().wait(0.05)
    assert ids(stream) == left
    relay_process.send_signal(signal.SIGTERM)
    assert relay_process.wait(10) == 0


def test_the_command_clears_what_is_over(
    session: Session, sessions: Sessions, relay_process: subprocess.Popen[bytes]
) -> None:
    leave(session, "u-1")
    session.execute(update(OutboxEvent).values(sent_at=utc_now() - timedelta(days=30)))
    session.commit()
    deadline = monotonic() + 20
    while session.scalar(select(OutboxEvent.position)) and monotonic() < deadline:
        session.rollback()
        Event().wait(0.05)
    assert session.scalar(select(OutboxEvent.position)) is None


def test_a_batch_is_cut_where_a_call_is_full(
    session: Session, relay: Relay, stream: StreamReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = leave(session, "u-1", "u-2", "u-3")
    size = len(session.scalars(select(OutboxEvent.payload)).first() or "")
    session.rollback()
    monkeypatch.setattr("storefront.outbox.relay.MAX_BYTES", 2 * size + 20)
    assert [relay.relay_batch(), relay.relay_batch()] == [2, 1]
    assert ids(stream) == left


def test_marks_are_instants(session: Session, relay: Relay) -> None:
    leave(session, "u-1")
    before = utc_now()
    relay.relay_batch()
    session.execute(update(OutboxEvent).values(partition_key="u-2"))
    row = session.scalars(select(OutboxEvent)).one()
    assert row.sent_at is not None
    assert before <= row.sent_at <= utc_now()
