"""The running shop with a gate before each of its stores, and one shopper who keeps looking."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import httpx
from sqlalchemy import create_engine, make_url
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from fashion_kit.clock import utc_now
from infra.demo.closing import unsent
from infra.demo.follow import Shopper
from infra.faults.gate import Gate
from infra.faults.kinesis_local import KinesisLocal
from infra.faults.poison import Failure, Place
from infra.faults.settings import FaultsSettings
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.environments import DatabaseUrls, Environments
from infra.local.event_source.status import EventSourceStatus
from infra.local.stack import Stack
from infra.local.workers import Status

_SPOOLED = re.compile(r"^events_spool_bytes (\S+)$", re.MULTILINE)


@dataclass
class ClientClock:
    """The clock of the shoppers' own machines."""

    offset: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Return what it shows."""
        return utc_now() + self.offset


@dataclass
class GatedShop:
    """The stack, reached by its own processes through gates only."""

    stack: Stack
    settings: FaultsSettings
    kinesis_local: KinesisLocal | None = None
    """Where the stream is to be, if the AWS endpoint cannot do to it what is to be done."""
    client_clock: ClientClock = field(default_factory=ClientClock)
    afterwards: ExitStack = field(default_factory=ExitStack)
    """What a fault has to put away once the shop is well again."""
    unsure_clicks: int = 0
    """Clicks of the looking shopper to which no answer came."""
    clock_errors: set[timedelta] = field(default_factory=set)
    """How far the clocks of the shop's own processes have been off at some time."""
    poison: dict[Place, bytes] = field(default_factory=dict)
    """What lies on the stream and is no event."""
    failures: list[Failure] = field(default_factory=list)
    """What was taken out of the failure queue."""

    def __post_init__(self) -> None:
        self.aws = Gate(self.stack.aws.port)
        self.kinesis = Gate(self.streams.port)
        self.database = Gate(self.stack.database.port)
        self.looker = Shopper(self.stack.url_of("storefront"), self.stack.url_of("recommender"))

    @property
    def streams(self) -> AwsEndpoint | KinesisLocal:
        """Return the endpoint that has the stream."""
        return self.kinesis_local or self.stack.aws

    @contextmanager
    def behind_gates(self) -> Iterator[None]:
        """Start every service of the stack anew so that it reaches its stores by the gates."""
        with ExitStack() as gates:
            for gate in (self.aws, self.kinesis, self.database):
                gate.start()
                gates.callback(gate.stop)
            gates.callback(self.looker.close)
            environments = self.stack.environments
            self.stack.environments = replace(
                environments,
                aws=environments.aws
                | {"AWS_ENDPOINT_URL": self.aws.url, "AWS_ENDPOINT_URL_KINESIS": self.kinesis.url},
                urls=self._gated(environments.urls),
            )
            self._lead_function_through_gate()
            if self.kinesis_local is not None:
                stream = environments.resources.event_stream
                self.kinesis_local.create_like(self.stack.aws.client("kinesis"), stream)
            for service in self.stack.services:
                # They end before the gates do: what they still hold has to go somewhere.
                gates.callback(service.process.stop)
            self.start_anew(self.stack.environments)
            self.looker.register()
            yield

    def start_anew(self, environments: Environments) -> None:
        """Stop every service, and start it with these environments."""
        self.stack.environments = environments
        for service in self.stack.services:
            service.process.stop()
            service.start(environments)
        for service in self.stack.services:
            service.wait_until_ready()
        self.stack.write_state()

    def start(self, name: str) -> None:
        """Start a service that was stopped or killed, without waiting for it."""
        self.stack.service(name).start(self.stack.environments)
        self.stack.write_state()

    @contextmanager
    def books(self) -> Iterator[Engine]:
        """Yield the way to the books past the gates."""
        engine = create_engine(self.stack.database.owner_url, poolclass=NullPool)
        try:
            yield engine
        finally:
            engine.dispose()

    def is_well(self) -> bool:
        """Say whether everything answers, nothing lags, and a fresh click changes the picks."""
        ready = all(service.is_ready() for service in self.stack.services)
        return ready and self._workers_work() and self.lags_nowhere() and self._click_counts()

    def lags_nowhere(self) -> bool:
        """Say whether outbox, spool and event source are as far as the shoppers are."""
        limit = self.settings.lag_limit_seconds
        status = EventSourceStatus.read(self.stack.config.folder / "event-source")
        if status is None or status.iterator_age_ms > limit * 1000:
            return False
        with self.books() as engine:
            since = utc_now() - timedelta(seconds=limit)
            return unsent(engine, before=since) == 0 and self.spooled_bytes() == 0

    def spooled_bytes(self) -> float:
        """Return how much waits on the storefront's disk."""
        metrics = httpx.get(f"{self.stack.url_of('storefront')}/metrics", timeout=5).text
        found = _SPOOLED.search(metrics)
        return float(found[1]) if found else 0.0

    def open_gates(self) -> None:
        """End whatever a gate does, and lead it to its own server."""
        for gate, port in (
            (self.aws, self.stack.aws.port),
            (self.kinesis, self.streams.port),
            (self.database, self.stack.database.port),
        ):
            gate.open()
            gate.lead_to(port)

    def _workers_work(self) -> bool:
        """Say whether each worker's status is that of the process which runs now."""
        return all(
            (status := Status.read(self.stack.config.folder / name)) is not None
            and status.pid == self.stack.service(name).process.pid
            for name in ("event-source", "delivery", "schedule")
        )

    def _click_counts(self) -> bool:
        try:
            return self.looker.click_first_pick()
        except httpx.HTTPError:
            self.unsure_clicks += 1
            return False

    def _gated(self, urls: DatabaseUrls) -> DatabaseUrls:
        def gated(url: str) -> str:
            through = make_url(url).set(port=self.database.port)
            return through.render_as_string(hide_password=False)

        return replace(
            urls,
            storefront=gated(urls.storefront),
            recommender=gated(urls.recommender),
            exporter=gated(urls.exporter),
        )

    def _lead_function_through_gate(self) -> None:
        """Tell the interactions function to reach DynamoDB and S3 by the gate."""
        functions = self.stack.aws.client("lambda")
        name = self.stack.environments.resources.interactions_function
        told = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        gates = dict.fromkeys(("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"), self.aws.url)
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": told | gates}
        )
