"""What is done to the shop, as data."""

from dataclasses import dataclass
from datetime import timedelta

from infra.faults.injections import (
    Away,
    ClockJumps,
    Disturbed,
    Fault,
    FullDisk,
    Kill,
    KillDatabase,
    LostAnswers,
    NotPossible,
    PartialPuts,
    Poison,
)

_SLOW = {"min": 200, "max": 1500}


@dataclass(frozen=True)
class Scenario:
    """One fault with its name for the command line and its words for the table."""

    name: str
    what: str
    fault: Fault
    crowd_seconds: float | None = None
    """For how long the crowd comes, if the fault takes longer than most."""


def _killed(service: str) -> Scenario:
    return Scenario(f"kill-{service}", f"{service} killed and restarted", Kill(service))


SCENARIOS = (
    *map(_killed, ("storefront", "recommender", "relay", "event-source", "delivery", "schedule")),
    Scenario("kill-database", "MariaDB killed and restarted", KillDatabase()),
    Scenario("aws-away", "every AWS service refuses", Away(("aws", "kinesis"), seconds=30), 45),
    Scenario(
        "aws-silent",
        "every AWS service is silent, then does late what it was asked",
        Away(("aws", "kinesis"), seconds=15, is_silent=True),
    ),
    Scenario(
        "kinesis-disturbed",
        "Kinesis throttles, is slow, loses answers",
        Disturbed(
            "kinesis",
            [
                {
                    "service": "kinesis",
                    "probability": 0.2,
                    "error": {"code": "ProvisionedThroughputExceededException"},
                },
                {"service": "kinesis", "probability": 0.2, "latency": _SLOW},
                {
                    "service": "kinesis",
                    "operation": "PutRecords",
                    "probability": 0.2,
                    "response": {"abort_frac": 0.3},
                },
            ],
            seconds=15,
        ),
    ),
    Scenario(
        "dynamodb-disturbed",
        "DynamoDB throttles, is slow, loses answers",
        Disturbed(
            "aws",
            [
                {
                    "service": "dynamodb",
                    "probability": 0.2,
                    "error": {"code": "ProvisionedThroughputExceededException"},
                },
                {"service": "dynamodb", "probability": 0.1, "latency": _SLOW},
                {
                    "service": "dynamodb",
                    "operation": "PutItem",
                    "probability": 0.2,
                    "response": {"abort_frac": 0.3},
                },
            ],
            seconds=15,
        ),
    ),
    Scenario(
        "s3-disturbed",
        "S3 throttles, is slow, loses answers",
        Disturbed(
            "aws",
            [
                {
                    "service": "s3",
                    "probability": 0.3,
                    "error": {"code": "SlowDown", "status": 503},
                },
                {"service": "s3", "probability": 0.3, "latency": _SLOW},
                {
                    "service": "s3",
                    "operation": "PutObject",
                    "probability": 0.3,
                    "response": {"abort_frac": 0.3},
                },
            ],
            seconds=15,
        ),
    ),
    Scenario(
        "mysql-disturbed",
        "MySQL has deadlocks and too many connections, is slow, breaks off before commits",
        Disturbed(
            "database",
            [
                {
                    "service": "mysql",
                    "operation": "startup",
                    "probability": 0.2,
                    "error": {"errno": 1040, "code": "08004", "message": "Too many connections"},
                },
                {
                    "service": "mysql",
                    "operation": "select",
                    "probability": 0.02,
                    "error": {"errno": 1213, "code": "40001", "message": "Deadlock found"},
                },
                {"service": "mysql", "operation": "commit", "probability": 0.1, "reset": True},
                {
                    "service": "mysql",
                    "operation": "insert",
                    "probability": 0.1,
                    "latency": _SLOW,
                },
            ],
            seconds=15,
        ),
    ),
    Scenario(
        "mysql-lost-answers",
        "MySQL does its work, also commits, and the answer is lost",
        LostAnswers("database", share=0.01, seconds=15),
    ),
    Scenario(
        "partial-puts",
        "Kinesis refuses some records of each PutRecords call",
        PartialPuts(share=0.3, seconds=15),
    ),
    Scenario(
        "poison",
        "records that are no event on the stream",
        Poison([b"no JSON {", b"{}", b"\xff\x00\xfe", b'{"type": "purchase"}'], 5, 2),
    ),
    Scenario(
        "full-disk",
        "Kinesis refuses, and the disk on which events wait is full",
        FullDisk(size_kib=64, seconds=15),
    ),
    Scenario(
        "client-clocks",
        "shoppers' clocks jump ahead and back",
        ClockJumps([timedelta(minutes=10), timedelta(minutes=-10), timedelta(minutes=2)], 4),
    ),
    Scenario(
        "reshard",
        "the stream gets more shards",
        NotPossible(
            "the emulator drops a closed shard's records, and the workers of one machine "
            "read the shards that were there when they started"
        ),
    ),
)
