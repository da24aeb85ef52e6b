"""What reads from outside, each with good inputs, and with what must hold whatever it is given.

A target takes a batch of broken inputs and tells how many were accepted and how many refused.
Anything it raises is a finding, and so is an input of which it tells neither.
"""

import asyncio
import gzip
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from tests.security.fuzzing.mutate import Mutation, mutated_bytes, of_json

from exporter.events import clean
from exporter.events.landing import BadLine
from exporter.events.lines import lines_of
from exporter.events.parsing import parse
from exporter.lake.tables import as_batch
from exporter.privacy import Pseudonyms
from fashion_contracts.events import SERVER_TYPES, Interaction
from fashion_contracts.lake import EVENTS
from fashion_contracts.picks import ITEM_LIMIT_BYTES, Shopper, item_size
from fashion_kit import logs
from fashion_kit.clock import utc_now
from fashion_kit.errors import ShopError
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity
from recommender.interactions.fold import fold
from recommender.interactions.records import StreamRecord, decode
from storefront.events.bodies import unpack
from storefront.events.judging import Judge
from storefront.events.publisher import BadEventStore
from storefront.events.service import EventService
from storefront.loading.first_stock import StockModel
from storefront.loading.odd_rows import write_report
from storefront.loading.prices import PriceModel
from storefront.loading.styles import HEADER, OddRow, StylesFileError, read_styles
from storefront.models import Product
from storefront.stream import StreamRecord as PutRecord

ROOT: Final = Path(__file__).parents[3]
DIALECTS: Final = ROOT / "services/storefront/tests/events/dialects"
USER: Final = Identity("01JV5M8Z3Q-a-users-id")
GUEST: Final = Identity("anon-0123456789ab", "anonymous")
SERVER_ERROR: Final = 500
UNPACKED_LIMIT: Final = 64 * 1024

EVENT: Final[dict[str, Any]] = {
    "event_id": "e-1",
    "schema": "interaction/1",
    "type": "add_to_cart",
    "anonymous_id": "anon-0123456789ab",
    "session_id": "s-1",
    "product_id": 15970,
    "quantity": 2,
    "price": "1299.00",
    "currency": "INR",
    "query": "blue shirt",
    "list": {"id": "search", "position": 3},
    "recommendation_id": "01JV5M8Z3QK7R2W9XBDE4F6GHN.decay.c",
    "event_time": "2026-03-01T12:00:00.123Z",
    "sent_at": "2026-03-01T12:00:01Z",
    "page": {"url": "https://shop.example/p/1", "referrer": "https://search.example/"},
    "consent": True,
    "context": {"user_agent": "Mozilla/5.0", "locale": "en-IN"},
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
STAMPED: Final = [
    EVENT | {"received_at": "2026-03-01T12:00:02Z"},
    EVENT | {"received_at": "2026-03-01T12:00:02Z", "user_id": USER.user_id, "type": "purchase"},
    EVENT | {"received_at": "2026-03-01T12:00:02Z", "user_id": USER.user_id, "type": "identify"},
    EVENT | {"received_at": "2026-03-01T12:00:02Z", "client_time": "2026-03-01T11:00:02Z"},
]
ROWS: Final = [
    b"15970,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,Turtle Check Men Navy Blue Shirt",
    b'39386,Men,Apparel,Bottomwear,Jeans,Blue,Summer,2012,Casual,"Peter England, Party Blue Jeans"',
    b"59263,Women,Accessories,Watches,Watches,Silver,Winter,2016.0,NA,Titan, Women Silver Watch",
]


class Tally(NamedTuple):
    """What became of a batch of inputs."""

    accepted: int
    refused: int


@dataclass
class Target:
    """Something that reads from outside."""

    name: str
    make: Mutation
    take: Callable[[list[bytes]], Tally]
    batch_size: int = 1
    share: int = 1
    """How many of the inputs of all targets are for this one, beside the others' shares."""

    def batch(self, random: Random) -> list[bytes]:
        """Return the next inputs."""
        return [self.make(random) for _ in range(self.batch_size)]


class Broken(AssertionError):  # noqa: N818 - a finding
    """Raised when something did not hold."""


def check(holds: object, what: str) -> None:
    """Raise Broken unless it holds."""
    if not holds:
        raise Broken(what)


@dataclass
class Sink:
    """Stands where the stream and the landing bucket are, and keeps what was put there last."""

    records: list[PutRecord] = field(default_factory=list)
    bad_lines: int = 0

    async def submit(self, items: Sequence[PutRecord]) -> None:
        """Take good events."""
        self.records = list(items)

    def put_object(self, *, Body: bytes, **_: Any) -> None:  # noqa: N803 - as S3 names it
        """Take an object of bad events."""
        self.bad_lines = len([json.loads(line) for line in Body.splitlines()])


class Intake:
    """POST /events behind its door: nobody, a guest and a user send bodies in turns."""

    def __init__(self, pool: ThreadPoolExecutor, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._sink = Sink()
        bad: Any = self._sink
        store = BadEventStore(bad, "bucket", pool, new_id=new_id)
        judge = Judge(timedelta(seconds=2), new_id)
        self._service = EventService(
            self._sink, store, judge, clock=utc_now, identify=self._identify
        )
        self._askers = (None, "guest", "user")
        self._turn = 0

    def take(self, bodies: list[bytes]) -> Tally:
        """Send the bodies; every event must get its verdict, and go where that says."""
        return self._runner.run(self._take(bodies))

    async def _take(self, bodies: list[bytes]) -> Tally:
        accepted = 0
        for body in bodies:
            self._turn += 1
            token = self._askers[self._turn % len(self._askers)]
            self._sink.records, self._sink.bad_lines = [], 0
            try:
                receipt = json.loads(await self._service.take(body, token))
            except ShopError as error:
                check(error.status < SERVER_ERROR, f"status {error.status}")
            else:
                self._check(receipt, token)
                accepted += 1
        return Tally(accepted, len(bodies) - accepted)

    def _check(self, receipt: dict[str, Any], token: str | None) -> None:
        good, bad = receipt["accepted"], receipt["rejected"]
        check(good == len(self._sink.records), "accepted, but not on the stream")
        check(bad == self._sink.bad_lines, "rejected, but not kept")
        check(good + bad == len(receipt["verdicts"]), "sent, but without a verdict")
        for record in self._sink.records:
            event = Interaction.from_record(record.data)
            check(record.partition_key == event.shopper_id, "in another shopper's place")
            check(event.user_id is None or token == "user", "in a user's name without a token")
            check(event.type not in SERVER_TYPES, "a type of the server's")

    async def _identify(self, token: str) -> Identity:
        return USER if token == "user" else GUEST


def take_packed(bodies: list[bytes]) -> Tally:
    """Unpack the bodies; none may come out longer than the limit."""
    accepted = 0
    for body in bodies:
        try:
            content = unpack(body, UNPACKED_LIMIT)
        except ShopError as error:
            check(error.status < SERVER_ERROR, f"status {error.status}")
        else:
            check(len(content) <= UNPACKED_LIMIT, "longer than the limit")
            accepted += 1
    return Tally(accepted, len(bodies) - accepted)


_pseudonyms: Final = Pseudonyms(b"fuzz")
_DAY: Final = date(2026, 3, 1)


def take_lines(lines: list[bytes]) -> Tally:
    """Read an object of the lines, as the night does, up to the lake's batch."""
    return _read_object(gzip.compress(b"\n".join(lines), 1), sum(map(_line_count, lines)))


def take_object(payloads: list[bytes]) -> Tally:
    """Read objects whose very packing is broken."""
    tallies = [_read_object(payload, None) for payload in payloads]
    return Tally(len(payloads), 0) if all(tallies) else Tally(0, len(payloads))


def _line_count(line: bytes) -> int:
    return sum(bool(part.strip()) for part in line.split(b"\n"))


def _read_object(payload: bytes, lines: int | None) -> Tally:
    parsed = [parse("events/dt=2026-03-01/hour=12/x.gz", line) for line in lines_of(payload)]
    check(lines is None or len(parsed) == lines, "a line was lost")
    good = [one for one in parsed if isinstance(one, Interaction)]
    rows = [clean.event(one, _pseudonyms, _DAY) for one in good]
    check(as_batch(EVENTS, rows).num_rows == len(good), "a row was lost")
    for one in parsed:
        if isinstance(one, BadLine):
            json.dumps(one.raw).encode()
    return Tally(len(good), len(parsed) - len(good))


def take_records(records: list[bytes]) -> Tally:
    """Fold the records into shoppers, as the Lambda does, up to what is written down."""
    batch = [StreamRecord(str(number), data) for number, data in enumerate(records, start=1)]
    by_shopper, failed = decode(batch)
    for user_id, arrivals in by_shopper.items():
        item = fold(Shopper(user_id), (one.event for one in arrivals)).to_attributes()
        check(item_size(item) <= ITEM_LIMIT_BYTES, "an item that is too large")
        Shopper.from_attributes(item)
    return Tally(len(records) - len(failed), len(failed))


class Importing:
    """The catalogue's import, up to the rows that it would write."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "styles.csv"
        self._report = folder / "report.csv"
        self._prices = PriceModel(1)
        self._stock = StockModel(1)

    def take(self, rows: list[bytes]) -> Tally:
        """Read a file of the rows; each must come out as a product or with its faults."""
        header = ",".join(HEADER).encode() + b"\n"
        self._file.write_bytes(header + b"\n".join(rows))
        try:
            read = list(read_styles(self._file))
        except StylesFileError:
            return Tally(0, len(rows))
        check(len(read) == sum(map(_line_count, rows)), "a row was lost")
        odd = [row for row in read if isinstance(row, OddRow)]
        write_report(self._report, odd)
        for row in read:
            if row.product is not None:
                price = self._prices.price_of(row.product)
                check(price > 0, "a price that is none")
                check(self._stock.units_of(row.product.id, price) >= 0, "a stock that is none")
                check(1 <= row.product.id < 2**32, "an id that MySQL does not hold")
                name = row.product.product_display_name or ""
                check(len(name) <= _NAME_LENGTH, "a name that MySQL does not hold")
                name.encode()
        refused = sum(row.product is None for row in read)
        return Tally(len(read) - refused, refused)


_NAME_LENGTH: Final[int] = Product.__table__.c.product_display_name.type.length  # type: ignore[attr-defined]


def of_rows(seeds: Sequence[bytes]) -> Mutation:
    """Return a maker of broken rows, each of another product."""

    def make(random: Random) -> bytes:
        _, comma, rest = random.choice(seeds).partition(b",")
        row = b"%d" % random.randrange(1, 2**32) + comma + rest
        return mutated_bytes(random, row, seeds)

    return make


def packed(make: Mutation) -> Mutation:
    """Return a maker of gzip, of which one in two is itself broken."""

    def make_packed(random: Random) -> bytes:
        body = gzip.compress(make(random) * random.choice((1, 1, 1, 100)), 1)
        body *= random.choice((1, 1, 2))
        return mutated_bytes(random, body) if random.random() < 0.5 else body

    return make_packed


def open_targets(stack: Any) -> list[Target]:
    """Return every target; the stack closes what they need."""
    logs.configure("ERROR", "console", service="fuzz")
    folder = Path(stack.enter_context(TemporaryDirectory()))
    pool = stack.enter_context(ThreadPoolExecutor(1))
    runner = stack.enter_context(asyncio.Runner())
    bodies = [json.loads(file.read_text())["body"] for file in sorted(DIALECTS.glob("*.json"))]
    batches = [*bodies, {"events": [EVENT, EVENT | {"event_id": "e-2", "type": "view"}]}]
    lines = of_json(STAMPED)
    return [
        Target("events", of_json(batches), Intake(pool, runner).take, batch_size=10, share=6),
        Target("gzip", packed(of_json(batches)), take_packed, batch_size=10),
        Target("landing lines", lines, take_lines, batch_size=50, share=5),
        Target("landing objects", packed(lines), take_object, batch_size=5),
        Target("stream records", lines, take_records, batch_size=50, share=4),
        Target("catalogue rows", of_rows(ROWS), Importing(folder).take, batch_size=50, share=3),
    ]
