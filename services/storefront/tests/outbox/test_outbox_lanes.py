"""Several relays: they share the shoppers, keep each one's order, and stand in for one another."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from random import Random
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
from services.storefront.tests.conftest import StreamReader
from services.storefront.tests.outbox.conftest import FlakyPublisher, leave, waiting
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from fashion_contracts.events import Interaction
from fashion_kit.batcher import Refused
from fashion_kit.clock import utc_now
from storefront.database import Sessions
from storefront.outbox.relay import Relay
from storefront.outbox.repository import LANES, OutboxRepository, lane_of
from storefront.settings import StorefrontSettings
from storefront.stream import StreamPublisher, StreamRecord, StreamUnavailableError

pytestmark = pytest.mark.servers

SHOPPERS = [f"u-{number}" for number in range(24)]
DEADLINE_SECONDS = 20


def shoppers_of(*lanes: int) -> list[str]:
    """Return one shopper of each lane."""
    found = {lane_of(shopper): shopper for shopper in (f"s-{number}" for number in range(500))}
    return [found[lane] for lane in lanes]


class MoodyPublisher(FlakyPublisher):
    """The real publisher; now and then it dies after a put, or refuses single records."""

    def __init__(self, real: StreamPublisher, seed: str, *, refusals: float) -> None:
        super().__init__(real)
        self._random = Random(seed)
        self._refusals = refusals

    def put(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        self.dies_after_put = self._random.random() < 0.2
        is_taken = [self._random.random() >= self._refusals for _ in records]
        taken = [record for record, is_in in zip(records, is_taken, strict=True) if is_in]
        answers = iter(super().put(taken))
        return [next(answers) if is_in else Refused("throttled") for is_in in is_taken]


@pytest.fixture
def settings(storefront_settings: StorefrontSettings) -> StorefrontSettings:
    """Return settings under which relays meet often."""
    small = {"relay_batch_size": 7, "relay_lanes": 3, "relay_poll": timedelta(milliseconds=1)}
    return storefront_settings.model_copy(update=small)


def by_shopper(events: Iterable[Interaction]) -> dict[str, list[str]]:
    """Return each shopper's event ids in the order in which they came."""
    found = defaultdict(list)
    for event in events:
        found[event.shopper_id].append(event.event_id)
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("refusals", [0, 0.2])
def test_whatever_dies_or_is_refused_each_shoppers_events_come_in_order(
    sessions: Sessions,
    session: Session,
    publisher: StreamPublisher,
    stream: StreamReader,
    settings: StorefrontSettings,
    seed: int,
    refusals: float,
) -> None:
    random = Random(seed)
    stop = Event()
    moody = [MoodyPublisher(publisher, f"{seed}-{relay}", refusals=refusals) for relay in range(3)]
    relays = [Relay(sessions, one, settings, clock=utc_now) for one in moody]
    left: list[tuple[str, str]] = []
    with ThreadPoolExecutor(len(relays)) as pool:
        running = [pool.submit(relay.run, stop) for relay in relays]
        for _ in range(25):
            owners = random.choices(SHOPPERS, k=random.randint(1, 8))
            left += zip(owners, leave(session, *owners), strict=True)
        deadline = monotonic() + DEADLINE_SECONDS
        while waiting(session) and monotonic() < deadline:
            stop.wait(0.01)
        stop.set()
        for one in running:
            one.result()
    wanted = defaultdict(list)
    for owner, event_id in left:
        wanted[owner].append(event_id)
    came = by_shopper(stream.read())
    # What was taken behind a refused one comes again behind it: there the last of each counts.
    assert {owner: list(reversed(dict.fromkeys(reversed(ids)))) for owner, ids in came.items()} == (
        wanted
    )
    if not refusals:
        assert {owner: list(dict.fromkeys(ids)) for owner, ids in came.items()} == wanted


class TestLanes:
    def test_a_lane_that_another_holds_waits_and_the_others_go(
        self, sessions: Sessions, session: Session, relay: Relay
    ) -> None:
        held, free = leave(session, *shoppers_of(3, 9))
        with sessions() as other:
            assert OutboxRepository(other).lock_lane(3)
            assert relay.relay_batch() == 1
            assert waiting(session) == [held]
            assert free != held
        assert relay.relay_batch() == 1
        assert waiting(session) == []

    def test_a_relay_leaves_lanes_to_the_others(
        self, session: Session, relay: Relay, storefront_settings: StorefrontSettings
    ) -> None:
        leave(session, *shoppers_of(*range(LANES)))
        assert relay.relay_batch() == storefront_settings.relay_lanes

    def test_small_batches_still_come_to_every_lane(
        self,
        sessions: Sessions,
        session: Session,
        publisher: StreamPublisher,
        settings: StorefrontSettings,
    ) -> None:
        leave(session, *shoppers_of(*range(LANES)))
        one = settings.model_copy(update={"relay_batch_size": 1})
        relay = Relay(sessions, publisher, one, clock=utc_now)
        assert [relay.relay_batch() for _ in range(LANES)] == [1] * LANES

    def test_a_process_that_dies_frees_its_lanes(
        self, sessions: Sessions, session: Session, relay: Relay
    ) -> None:
        leave(session, *shoppers_of(3))
        with sessions() as dying:
            assert OutboxRepository(dying).lock_lane(3)
            assert relay.relay_batch() == 0
            dying.invalidate()
        deadline = monotonic() + DEADLINE_SECONDS
        while not (sent := relay.relay_batch()) and monotonic() < deadline:
            Event().wait(0.01)
        assert sent == 1


class StuckPublisher(FlakyPublisher):
    """The real publisher, whose first put hangs until it is told to go on."""

    def __init__(self, real: StreamPublisher) -> None:
        super().__init__(real)
        self.is_stuck = Event()
        self.goes_on = Event()

    def put(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        self.is_stuck.set()
        self.goes_on.wait(DEADLINE_SECONDS)
        return super().put(records)


def test_lanes_of_a_relay_of_which_nothing_is_heard_go_to_another(
    sessions: Sessions,
    session: Session,
    publisher: StreamPublisher,
    stream: StreamReader,
    settings: StorefrontSettings,
) -> None:
    (left,) = leave(session, "u-1")
    short = settings.model_copy(update={"relay_silence": timedelta(seconds=1)})
    stuck = StuckPublisher(publisher)
    raised: list[Exception] = []

    def relay_silently() -> None:
        try:
            Relay(sessions, stuck, short, clock=utc_now).relay_batch()
        except OperationalError as error:
            raised.append(error)

    silent = Thread(target=relay_silently)
    silent.start()
    assert stuck.is_stuck.wait(DEADLINE_SECONDS)
    other = Relay(sessions, publisher, settings, clock=utc_now)
    deadline = monotonic() + DEADLINE_SECONDS
    while waiting(session) and monotonic() < deadline:
        other.relay_batch()
    stuck.goes_on.set()
    silent.join()
    assert (waiting(session), len(raised)) == ([], 1)
    assert [event.event_id for event in stream.read()] == [left, left]


class TestFairness:
    def relayed(self, relay: Relay, session: Session, *, until_sent: str) -> int:
        """Return how many batches it took."""
        for batch in count(1):
            relay.relay_batch()
            if until_sent not in waiting(session):
                return batch
            assert batch < LANES
        raise AssertionError

    def make(self, sessions: Sessions, flaky: FlakyPublisher, settings: Any) -> Relay:
        return Relay(sessions, flaky, settings, clock=utc_now)

    def test_a_refused_shopper_stops_no_other_lane(
        self,
        sessions: Sessions,
        session: Session,
        flaky: FlakyPublisher,
        settings: StorefrontSettings,
    ) -> None:
        *refused, good = shoppers_of(*range(LANES))
        leave(session, *refused * 10)
        (last,) = leave(session, good)
        flaky.refused = set(refused)
        relay = self.make(sessions, flaky, settings)
        assert self.relayed(relay, session, until_sent=last) <= LANES // settings.relay_lanes + 1

    def test_a_refused_shopper_stops_nobody_in_the_same_lane(
        self,
        sessions: Sessions,
        session: Session,
        flaky: FlakyPublisher,
        settings: StorefrontSettings,
    ) -> None:
        lane = lane_of("u-1")
        other = next(one for one in (f"x-{n}" for n in range(500)) if lane_of(one) == lane)
        leave(session, *["u-1"] * 50)
        (last,) = leave(session, other)
        flaky.refused = {"u-1"}
        relay = self.make(sessions, flaky, settings)
        assert self.relayed(relay, session, until_sent=last) == 2

    def test_a_stream_that_takes_nothing_of_one_batch_does_not_stop_the_next(
        self,
        sessions: Sessions,
        session: Session,
        flaky: FlakyPublisher,
        settings: StorefrontSettings,
    ) -> None:
        leave(session, *shoppers_of(*range(LANES)))
        relay = self.make(sessions, flaky, settings)
        flaky.dies_after_put = True
        with pytest.raises(StreamUnavailableError):
            relay.relay_batch()
        assert relay.relay_batch() == settings.relay_lanes
        assert len(waiting(session)) == LANES - settings.relay_lanes
