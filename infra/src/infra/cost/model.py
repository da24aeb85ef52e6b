"""The bill and the loads: arithmetic over prices and demand, nothing else."""

from dataclasses import dataclass
from typing import Final

from infra.cost import demand as d
from infra.cost import prices as p
from infra.cost.demand import Demand

GIB: Final = 1024**3
TASK_GB: Final = 2.0
NIGHT_HOURS: Final = 6


@dataclass(frozen=True)
class Part:
    """A part of the cloud: its share of the bill, and of what it can bear."""

    name: str
    constructs: tuple[str, ...]
    """The modules of `infra.constructs` that make it."""
    dollars: float
    load: float | None = None
    """Of the busiest second; None where nothing gives way."""
    limit: str = ""
    """What gives way, and what to do then."""


WITHOUT_COST: Final = {
    "access_logs": "some cents of storage",
    "budget": "the first two are free",
    "containers": "makes the other parts' images and tasks",
    "functions": "makes the other parts' functions",
    "jobs": "starts the other parts' tasks",
    "keeping": "says how long the others keep what",
    "notices": "a few messages a month",
    "failed_jobs": "a rule and a queue, cents",
    "preparation": "one task for a minute at each deployment",
    "rules": "cdk-nag's answers",
    "serving": "roles",
}
"""Constructs that have no line of their own, and why."""


def parts(rate: float) -> list[Part]:
    """Return every part at this many requests a second in the busiest hour."""
    demand = Demand(rate)
    month = p.SECONDS * d.MEAN_LOAD
    return [
        _services(demand),
        _balancer(demand),
        _database(demand),
        _stream(demand, month),
        _interactions(demand, month),
        _picks(demand, month),
        _lake(demand, month),
        _nightly(demand),
        _network(demand, month),
        _watch(demand, month),
    ]


def _fargate(tasks: float, vcpus: float, gigabytes: float) -> float:
    return tasks * p.HOURS * (vcpus * p.FARGATE_VCPU_HOUR + gigabytes * p.FARGATE_GB_HOUR)


def _services(demand: Demand) -> Part:
    tasks = demand.storefront_tasks + demand.recommender_tasks
    relay = _fargate(1, 0.25, 0.5)
    return Part(
        "storefront, recommender, relay",
        ("storefront", "picks_api", "spool", "keys"),
        _fargate(tasks, 1, TASK_GB) + relay + p.EFS_GB_MONTH * 10 + 3 * p.SECRET_MONTH,
        demand.purchases / d.RELAYED_EVENTS,
        "tasks are added by themselves; the one relay is not: give it more lanes (decision 0011)",
    )


def _balancer(demand: Demand) -> Part:
    units = max(demand.rate / 1_000 * 2, demand.rate * d.ANSWER_BYTES * 3600 / GIB) * d.MEAN_LOAD
    hours = p.HOURS * (p.BALANCER_HOUR + units * p.BALANCER_CAPACITY_HOUR)
    return Part(
        "load balancer",
        ("balancer",),
        hours,
        demand.rate / d.BALANCER_CONNECTIONS,
        "it grows by itself; before a sale, AWS can be asked to warm it",
    )


def _database(demand: Demand) -> Part:
    database = demand.database
    hourly = 2 * p.RDS_HOUR[database.instance] + database.vcpus * p.RDS_PROXY_VCPU_HOUR
    storage = 2 * database.storage_gb * p.RDS_GB_MONTH
    return Part(
        f"orders database, {database.instance} and its standby",
        ("orders_database",),
        hourly * p.HOURS + storage,
        demand.purchases / database.purchases_per_second,
        "a larger instance; reads go to replicas; beyond the largest, shards by user",
    )


def _stream(demand: Demand, month: float) -> Part:
    bytes_in = demand.events * d.EVENT_BYTES
    gigabytes = bytes_in * month / GIB
    kept = bytes_in * d.MEAN_LOAD * 7 * 24 * 3600 / GIB
    return Part(
        "stream",
        ("event_stream",),
        p.KINESIS_STREAM_HOUR * p.HOURS
        + gigabytes * (p.KINESIS_GB_IN + 2 * p.KINESIS_GB_OUT)
        + kept * p.KINESIS_RETENTION_GB_MONTH,
        bytes_in / (d.KINESIS_ON_DEMAND_MB * 1024**2),
        "AWS raises the limit of a stream on demand when asked",
    )


def _interactions(demand: Demand, month: float) -> Part:
    events = demand.events * month
    # A stream on demand holds twice the shards of its recent peak, and never fewer than four.
    shards = max(4.0, 2 * demand.events / d.LAMBDA_EVENTS_A_SHARD)
    folded = shards / d.LAMBDA_SECONDS_AN_EVENT
    return Part(
        "interactions function",
        ("interactions",),
        events / d.BATCH * p.LAMBDA_REQUEST
        + events * d.LAMBDA_SECONDS_AN_EVENT * d.LAMBDA_GB * p.LAMBDA_GB_SECOND,
        demand.events / folded,
        "a shard feeds one batch at a time: raise `parallelization_factor`",
    )


def _picks(demand: Demand, month: float) -> Part:
    writes = demand.events * d.INTERACTIONS_A_WRITE
    reads = demand.picks + demand.events
    items_gb = demand.rate * d.SHOPPERS_A_REQUEST_RATE * 1024 / GIB
    return Part(
        "picks store",
        ("picks",),
        month * (writes * p.DYNAMODB_WRITE + reads * p.DYNAMODB_READ)
        + items_gb * p.DYNAMODB_GB_MONTH,
        max(writes, reads) / d.DYNAMODB_UNITS,
        "the quota of a table on demand, raised on request",
    )


def _lake(demand: Demand, month: float) -> Part:
    delivered = demand.events * d.EVENT_BYTES * month / GIB
    packed = demand.events * d.EVENT_BYTES_PACKED * month / GIB
    # Three months in the landing zone and a year in the clean zone.
    stored = packed * (3 + 12)
    scanned_tb = packed / 30 * 100 / 1024
    objects = p.HOURS * 12 * max(1.0, demand.events * d.EVENT_BYTES / (5 * 1024**2) * 300 / 12)
    return Part(
        "landing zone, lake, Athena",
        ("lake", "delivery", "queries"),
        delivered * p.FIREHOSE_GB
        + stored * p.S3_GB_MONTH
        + objects * p.S3_PUT
        + scanned_tb * p.ATHENA_TB,
    )


def _nightly(demand: Demand) -> Part:
    lines = demand.purchases * 2 * d.MEAN_LOAD * 24 * 3600
    events = demand.events * d.MEAN_LOAD * 24 * 3600
    hours = (lines / d.LINES_LOADED + events / d.EVENTS_LOADED) / 3600
    build_hours = events * d.DAYS_LEARNT / d.EVENTS_LEARNT / 3600
    return Part(
        "night's load, model build and refresh",
        ("daily_load", "models"),
        _fargate(30 * hours / p.HOURS, 1, 4)
        + _fargate(build_hours, 2, 8)
        + _fargate(0.1, 0.5, TASK_GB),
        max(hours / NIGHT_HOURS, build_hours),
        "the load must end by six, a build within its hour: build once a day, or on Athena or"
        " Spark, which read the same tables",
    )


def _network(demand: Demand, month: float) -> Part:
    gigabytes = demand.rate * month * 200 / GIB
    return Part("network", ("network",), p.NAT_HOUR * p.HOURS + gigabytes * p.NAT_GB)


def _watch(demand: Demand, month: float) -> Part:
    gigabytes = demand.rate * month * d.LOG_BYTES_A_REQUEST / GIB
    return Part("logs, alarms", ("watch",), gigabytes * p.LOGS_GB + 20 * p.ALARM_MONTH)
