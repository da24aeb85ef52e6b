"""What is done to the shop, as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from infra.faults.injections import (
    Away,
    ClockJumps,
    Disturbed,
    Fault,
    FullDisk,
    Kill,
    KillDatabase,
    LostAnswers,
    PartialPuts,
    Poison,
    Reshard,
)
from infra.faults.microburst import Rule
from infra.faults.server_clocks import ServerClockJumps

_SLOW = {"min": 200, "max": 1500}
_THROTTLED = {"code": "ProvisionedThroughputExceededException"}


@dataclass(frozen=True)
class Scenario:
    """One fault with its name for the command line and its words for the table."""

    name: str
    what: str
    fault: Fault
    crowd_seconds: float | None = None
    """For how long the crowd comes, if the fault takes longer than most."""
    is_on_kinesis_local: bool = False
    """Whether the stream has to be at an endpoint that can reshard."""


def _killed(service: str) -> Scenario:
    return Scenario(f"kill-{service}", f"{service} killed and restarted", Kill(service))


def _disturbed(
    name: str, refusal: Rule, write: str, *, share: float, gate: Literal["aws", "kinesis"] = "aws"
) -> Scenario:
    """Return a service of AWS that refuses, is slow, and loses answers to what it has written."""
    service = name.lower()
    rules: list[Rule] = [
        {"service": service, "probability": share, "error": refusal},
        {"service": service, "probability": share, "latency": _SLOW},
        {
            "service": service,
            "operation": write,
            "probability": share,
            "response": {"abort_frac": 0.3},
        },
    ]
    what = f"{name} throttles, is slow, loses answers"
    return Scenario(f"{service}-disturbed", what, Disturbed(gate, rules, seconds=15))


SCENARIOS = (
    *map(_killed, ("storefront", "recommender", "relay", "event-source", "delivery", "schedule")),
    Scenario("kill-database", "MariaDB killed and restarted", KillDatabase()),
    Scenario("aws-away", "every AWS service refuses", Away(("aws", "kinesis"), seconds=30), 45),
    Scenario(
        "aws-silent",
        "every AWS service is silent, then does late what it was asked",
        Away(("aws", "kinesis"), seconds=15, is_silent=True),
    ),
    _disturbed("Kinesis", _THROTTLED, "PutRecords", gate="kinesis", share=0.2),
    _disturbed("DynamoDB", _THROTTLED, "PutItem", share=0.2),
    _disturbed("S3", {"code": "SlowDown", "status": 503}, "PutObject", share=0.3),
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
        "server-clocks",
        "the clocks of the shop's own processes jump ahead and back",
        ServerClockJumps(
            [timedelta(minutes=10), timedelta(), timedelta(minutes=-10)], pause_seconds=5
        ),
        50,
    ),
    Scenario(
        "reshard",
        "shards are split and merged while their readers are killed",
        Reshard((4, 2, 3, 2), killed=("event-source", "delivery"), down_seconds=2, up_seconds=4),
        crowd_seconds=45,
        is_on_kinesis_local=True,
    ),
)
