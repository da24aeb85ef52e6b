"""The bill and the loads of the stage prod: arithmetic over prices, demand and sizes."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final

from infra.alarms import ALARMS
from infra.cost import demand as d
from infra.cost import prices as p
from infra.cost.demand import Demand
from infra.stages import PROD, TaskSize

GIB: Final = 1024**3
MIB: Final = 1024**2
MEBIBYTES: Final = 1024
"""In a gibibyte, in which Fargate and Lambda are paid."""
CPU_UNITS: Final = 1024
"""In a processor."""
DAY: Final = timedelta(days=1)
MONTH_DAYS: Final = 30


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


def _fargate(tasks: float, size: TaskSize) -> float:
    processors = size.cpu / CPU_UNITS * p.FARGATE_VCPU_HOUR
    memory = size.memory_mebibytes / MEBIBYTES * p.FARGATE_GB_HOUR
    return tasks * p.HOURS * (processors + memory)


def _paid_gigabytes(records: float, step: int) -> float:
    """Return what so many events are paid for as, each rounded up to full steps of bytes."""
    return records * ceil(d.EVENT_BYTES / step) * step / GIB


def _services(demand: Demand) -> Part:
    serving = _fargate(demand.storefront_tasks, PROD.storefront.task) + _fargate(
        demand.recommender_tasks, PROD.recommender.task
    )
    relays = PROD.tasks.relays
    return Part(
        "storefront, recommender, relay",
        ("storefront", "picks_api", "spool", "keys"),
        serving
        + _fargate(relays, PROD.tasks.relay)
        + p.EFS_GB_MONTH * d.SPOOL_GB
        + p.SECRET_MONTH * d.SECRETS,
        max(
            demand.storefront / d.STOREFRONT_REQUESTS / PROD.storefront.most,
            demand.picks / d.RECOMMENDER_REQUESTS / PROD.recommender.most,
            demand.purchases * d.LINES_A_PURCHASE / d.RELAYED_EVENTS / relays,
        ),
        "tasks are added by themselves up to `most` of `infra/stages.py`: raise it; for relays,"
        " `relays` (decision 0011)",
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
        f"orders database, db.{database.instance} and its standby",
        ("orders_database",),
        hourly * p.HOURS + storage,
        demand.purchases / database.purchases_per_second,
        "a larger instance; reads go to replicas; beyond the largest, shards by user",
    )


def _stream(demand: Demand, month: float) -> Part:
    bytes_in = demand.events * d.EVENT_BYTES
    gigabytes = _paid_gigabytes(demand.events * month, p.KINESIS_RECORD_BYTES)
    beyond = (PROD.keeping.stream - p.KINESIS_FREE_RETENTION).total_seconds()
    kept = bytes_in * d.MEAN_LOAD * beyond / GIB
    return Part(
        "stream",
        ("event_stream",),
        p.KINESIS_STREAM_HOUR * p.HOURS
        + gigabytes * (p.KINESIS_GB_IN + 2 * p.KINESIS_GB_OUT)
        + kept * p.KINESIS_RETENTION_GB_MONTH,
        bytes_in / (d.KINESIS_ON_DEMAND_MB * MIB),
        "AWS raises the limit of a stream on demand when asked",
    )


def _interactions(demand: Demand, month: float) -> Part:
    events = demand.events * month
    gigabytes = PROD.functions.interactions / MEBIBYTES
    # A stream on demand holds twice the shards of its recent peak, and never fewer than four.
    shards = max(4.0, 2 * demand.events / d.LAMBDA_EVENTS_A_SHARD)
    folded = shards / d.LAMBDA_SECONDS_AN_EVENT
    return Part(
        "interactions function",
        ("interactions",),
        events / d.BATCH * p.LAMBDA_REQUEST
        + events * d.LAMBDA_SECONDS_AN_EVENT * gigabytes * p.LAMBDA_GB_SECOND,
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
        + items_gb * (p.DYNAMODB_GB_MONTH + p.DYNAMODB_BACKUP_GB_MONTH),
        max(writes, reads) / d.DYNAMODB_UNITS,
        "the quota of a table on demand, raised on request",
    )


def _lake(demand: Demand, month: float) -> Part:
    delivered = _paid_gigabytes(demand.events * month, p.FIREHOSE_RECORD_BYTES)
    packed = demand.events * d.EVENT_BYTES_PACKED * month / GIB
    stored = packed * (PROD.keeping.landing / (MONTH_DAYS * DAY) + d.CLEAN_MONTHS)
    scanned_tb = packed * d.LAKE_SHARE_SCANNED / 1024
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
    day = d.MEAN_LOAD * DAY.total_seconds()
    lines = demand.purchases * d.LINES_A_PURCHASE * day
    events = demand.events * day
    hours = (lines / d.LINES_LOADED + events / d.EVENTS_LOADED) / 3600
    build_hours = events * d.DAYS_LEARNT / d.EVENTS_LEARNT / 3600
    return Part(
        "night's load, model build and refresh",
        ("daily_load", "models"),
        _fargate(MONTH_DAYS * hours / p.HOURS, PROD.tasks.nightly)
        + _fargate(build_hours, PROD.tasks.build)
        + _fargate(d.REFRESHING_SHARE, PROD.tasks.refresh),
        max(hours / d.NIGHT_HOURS, build_hours),
        "the load must end by six, a build within its hour: build once a day, or on Athena or"
        " Spark, which read the same tables",
    )


def _network(demand: Demand, month: float) -> Part:
    size = PROD.network
    out = demand.rate * month * d.NAT_BYTES_A_REQUEST / GIB
    within = demand.events * month * d.EVENT_BYTES / GIB
    endpoints = len(size.interface_endpoints) * size.zones
    hourly = size.nat_gateways * p.NAT_HOUR + endpoints * p.ENDPOINT_HOUR
    return Part(
        "network",
        ("network",),
        hourly * p.HOURS + out * p.NAT_GB + within * p.ENDPOINT_GB,
    )


def _watch(demand: Demand, month: float) -> Part:
    gigabytes = demand.rate * month * d.LOG_BYTES_A_REQUEST / GIB
    return Part("logs, alarms", ("watch",), gigabytes * p.LOGS_GB + len(ALARMS) * p.ALARM_MONTH)
