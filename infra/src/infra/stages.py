"""How large each stage of the cloud is, and how long it keeps what: the constructs hold no numbers.

dev   small, in one zone where it may be, gone without a trace after `make destroy`
prod  two of everything, and what holds data outlives the stacks
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings

PLAIN_WARNING = (
    "There is no certificate: tokens and addresses cross the internet in plain text. Set"
    " CLOUD_CERTIFICATE_ARN before anybody uses this shop."
)


class StageName(StrEnum):
    """The two clouds that can be deployed; each has an AWS account, or a region, of its own."""

    DEV = "dev"
    PROD = "prod"


class CloudSettings(Settings):
    """What of a deployment belongs to its owner and not into the repository."""

    model_config = SettingsConfigDict(env_prefix="CLOUD_", frozen=True)

    stage: StageName = StageName.DEV
    """Which cloud is meant: dev or prod."""
    certificate_arn: str | None = Field(None, pattern=r"^arn:aws[\w-]*:acm:")
    """Certificate (ACM, same region) of the load balancer. Without it dev speaks plain HTTP, with
    a warning, and prod is refused."""
    alarm_email: str | None = Field(None, pattern=r"^\S+@\S+$")
    """Who is written to when an alarm goes off or the budget is used up; nobody if not set."""
    cors_origins: str = "[]"
    """Websites, as a JSON list of origins, whose pages may call the APIs from a browser."""
    password_round: int = Field(1, ge=1)
    """Raise it by one to give every service a new database password with the next deployment."""


@dataclass(frozen=True)
class Keeping:
    """How long what the shop takes in is kept, and whether it outlives the stack."""

    outlives_stack: bool
    stream: timedelta = timedelta(days=7)
    """How long the stream keeps an event: a consumer may be away for so long."""
    stream_shards: int | None = None
    """How many shards the stream has; without a number it grows by itself."""
    landing: timedelta = timedelta(days=90)
    """Events as delivered; the clean zone has them for good."""
    replaced: timedelta = timedelta(days=30)
    """Former versions of an object."""
    abandoned: timedelta = timedelta(days=7)
    """Uploads that were never finished."""
    deltas: timedelta = timedelta(days=2)
    """What a refresh knew of the last hours is of no use the day after."""
    answers: timedelta = timedelta(days=30)
    """What Athena found."""
    failures: timedelta = timedelta(days=14)
    """Records and starts that failed."""
    access_logs: timedelta = timedelta(days=90)
    """Who asked the load balancer and the buckets for what."""
    logs: str = "ONE_MONTH"
    """What programs tell; a name of CDK's `RetentionDays`."""


@dataclass(frozen=True)
class FunctionSizes:
    """Memory of the functions in MiB; their share of a processor follows it."""

    interactions: int = 1024
    """While a model is replaced, the old one and the new one are in memory together."""
    daily_load: int = 2048
    daily_load_timeout: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class NetworkSize:
    """The network: zones, ways out, and services that are reached without one."""

    addresses: str = "10.0.0.0/16"
    zones: int = 2
    """CDK knows of two zones where it does not know the account."""
    nat_gateways: int = 1
    """Ways out of the private subnets; with one, a zone that fails takes all of them along."""
    interface_endpoints: tuple[str, ...] = ()
    """Names of CDK's `InterfaceVpcEndpointAwsService`; each is paid by the hour and zone."""


@dataclass(frozen=True)
class DatabaseSize:
    """The orders database."""

    instance: str
    storage_gibibytes: int
    most_storage_gibibytes: int
    """It grows by itself up to here."""
    multi_az: bool
    backups: timedelta
    deletion_protection: bool
    most_connections_percent: int = 90
    """Of the connections the database allows, how many the proxy may hold."""


@dataclass(frozen=True)
class TaskSize:
    """A container's share of a machine, in Fargate's units."""

    cpu: int
    memory_mebibytes: int


@dataclass(frozen=True)
class ServiceSize:
    """How many containers serve, and when there are more of them."""

    task: TaskSize
    least: int
    most: int
    cpu_percent: int = 60
    """More are started when they are busier than this on average."""
    requests_per_target: int = 30_000
    """... or asked more often than this in a minute: half of what `make bench` shows for a core."""


@dataclass(frozen=True)
class TaskSizes:
    """The containers that serve nobody directly."""

    relay: TaskSize = TaskSize(256, 512)
    relays: int = 1
    nightly: TaskSize = TaskSize(1024, 4096)
    build: TaskSize = TaskSize(2048, 8192)
    """The build holds months of events, ..."""
    refresh: TaskSize = TaskSize(512, 2048)
    """... the refresh hours of them."""
    prepare: TaskSize = TaskSize(512, 1024)


@dataclass(frozen=True)
class Balancing:
    """How the load balancer finds out whether a container can serve, and lets it go."""

    check_every: timedelta = timedelta(seconds=10)
    check_timeout: timedelta = timedelta(seconds=5)
    healthy_after: int = 2
    unhealthy_after: int = 3
    grace: timedelta = timedelta(minutes=3)
    """How long a new container may take until it counts as unhealthy."""
    drain: timedelta = timedelta(seconds=30)
    """How long requests under way may take when a container is let go."""
    scale_in_pause: timedelta = timedelta(minutes=5)
    scale_out_pause: timedelta = timedelta(minutes=1)


@dataclass(frozen=True)
class Thresholds:
    """From where on somebody is told."""

    iterator_age: timedelta = timedelta(minutes=1)
    """How old the oldest click may be that no pick follows yet."""
    data_freshness: timedelta = timedelta(minutes=15)
    """How old the oldest event may be that is not in the landing zone: three buffers."""
    load_overdue_hours: int = 26
    """After so many hours without a loaded day the night has failed."""
    errors_per_period: int = 5
    """Answers 5xx in five minutes."""
    outbox_lag: timedelta = timedelta(minutes=1)
    """How long a committed purchase may wait for the stream."""
    storefront_p99: timedelta = timedelta(seconds=1)
    recommender_p99: timedelta = timedelta(milliseconds=250)
    fallback_share: float = 0.5
    """Share of the answers whose picks are nobody's own."""
    fallback_least_served: int = 100
    """With fewer answers in the period a share says nothing."""
    database_cpu_percent: int = 80
    database_free_bytes: int = 5 * 1024**3
    database_connections: int = 400


@dataclass(frozen=True)
class Stage:
    """Everything by which one cloud differs from another."""

    name: StageName
    keeping: Keeping
    database: DatabaseSize
    storefront: ServiceSize
    recommender: ServiceSize
    monthly_budget_dollars: int
    network: NetworkSize = field(default_factory=NetworkSize)
    functions: FunctionSizes = field(default_factory=FunctionSizes)
    tasks: TaskSizes = field(default_factory=TaskSizes)
    balancing: Balancing = field(default_factory=Balancing)
    thresholds: Thresholds = field(default_factory=Thresholds)
    most_bytes_scanned: int = 10 * 1024**3
    """A query that scans more is stopped: it has probably forgotten its `business_day`."""

    @property
    def needs_certificate(self) -> bool:
        """Say whether it may not be spoken to in plain HTTP."""
        return self.name is StageName.PROD


# The emulator loses readers' positions when records expire, so there they never do.
ONE_MACHINE = Keeping(outlives_stack=False, stream=timedelta(days=365), stream_shards=2)

DEV = Stage(
    StageName.DEV,
    Keeping(outlives_stack=False, logs="ONE_WEEK"),
    DatabaseSize(
        instance="t4g.small",
        storage_gibibytes=20,
        most_storage_gibibytes=50,
        multi_az=False,
        backups=timedelta(days=1),
        deletion_protection=False,
    ),
    storefront=ServiceSize(TaskSize(512, 1024), least=1, most=2),
    recommender=ServiceSize(TaskSize(256, 1024), least=1, most=2),
    monthly_budget_dollars=250,
    thresholds=Thresholds(database_connections=100),
)
PROD = Stage(
    StageName.PROD,
    Keeping(outlives_stack=True),
    DatabaseSize(
        instance="r8g.large",
        storage_gibibytes=100,
        most_storage_gibibytes=1000,
        multi_az=True,
        backups=timedelta(days=14),
        deletion_protection=True,
    ),
    storefront=ServiceSize(TaskSize(1024, 2048), least=2, most=20),
    recommender=ServiceSize(TaskSize(1024, 2048), least=2, most=10),
    monthly_budget_dollars=2500,
    network=NetworkSize(
        nat_gateways=2,
        # What every click and every new container needs, even when a way out fails.
        interface_endpoints=(
            "KINESIS_STREAMS",
            "ECR",
            "ECR_DOCKER",
            "CLOUDWATCH_LOGS",
            "SECRETS_MANAGER",
        ),
    ),
    tasks=TaskSizes(relays=2),
)
STAGES = {stage.name: stage for stage in (DEV, PROD)}
