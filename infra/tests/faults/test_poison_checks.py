"""The checks of poison must find what is lost, doubled, or told of a good record."""

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fashion_kit.ids import new_id
from infra.faults.poison import Failure, Place, check_poison, take_failures
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.event_source.failures import FailureQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# Shard a holds poison at 3 and 5, shard b at 5; sequence numbers are a shard's own.
A3, A4, A5, B5, B6 = (
    Place(shard, number)
    for shard, number in [("a", "3"), ("a", "4"), ("a", "5"), ("b", "5"), ("b", "6")]
)
STREAM = (A3, A4, A5, B5, B6)
PUT = {A3: b"{}", A5: b"\xff\x00", B5: b"{}"}
ALONE = [Failure("a", "3", "3", 1), Failure("a", "5", "5", 1), Failure("b", "5", "5", 1)]
ASIDE = Counter({"{}": 2, "\\xff\x00": 1})


def broken(
    failures: list[Failure] = ALONE,
    aside: Counter[str] = ASIDE,
    found: frozenset[Place] = frozenset(PUT),
) -> list[str]:
    checks = check_poison(PUT, STREAM, found, failures, aside)
    return [check.what for check in checks if not check.holds]


def test_poison_that_is_told_once_and_kept_once_passes() -> None:
    assert broken() == []


@pytest.mark.parametrize(
    "failures",
    [
        ALONE[1:],
        [*ALONE, ALONE[0]],
        [*ALONE, Failure("a", "4", "4", 1)],
        [Failure("a", "3", "5", 3), ALONE[2]],
        [*ALONE[:2], Failure("b", "5", "5", 2)],
        [*ALONE[:2], Failure("b", "6", "6", 1)],
        [],
    ],
    ids=["missing", "doubled", "a good one too", "good in its batch", "size", "another", "none"],
)
def test_a_failure_queue_that_is_not_exact_is_found(failures: list[Failure]) -> None:
    assert broken(failures) != []


@pytest.mark.parametrize(
    "aside",
    [ASIDE - Counter(["{}"]), ASIDE + Counter(["{}"]), ASIDE + Counter(["else"]), Counter[str]()],
    ids=["missing", "doubled", "another", "none"],
)
def test_bad_lines_that_are_not_exact_are_found(aside: Counter[str]) -> None:
    assert broken(aside=aside) != []


def test_a_record_that_only_the_reader_takes_for_poison_is_found() -> None:
    assert broken(found=frozenset({*PUT, A4})) != []


def test_without_poison_nothing_may_be_told() -> None:
    assert all(check.holds for check in check_poison({}, STREAM, (), [], Counter()))
    assert not all(check.holds for check in check_poison({}, STREAM, (), ALONE, Counter()))


@pytest.mark.servers
def test_the_failure_queue_is_read_whole_and_once(aws: AwsEndpoint) -> None:
    queues: SQSClient = aws.client("sqs")
    url = queues.create_queue(QueueName=f"failures-{new_id().lower()}")["QueueUrl"]
    told = [Failure("a", str(number), str(number + 1), 2) for number in range(23)]
    for one in told:
        batch = {
            "shardId": one.shard_id,
            "startSequenceNumber": one.first,
            "endSequenceNumber": one.last,
            "batchSize": one.size,
        }
        FailureQueue(queues, url).send({"KinesisBatchInfo": batch})
    assert sorted(take_failures(queues, url), key=lambda one: int(one.first)) == told
    assert list(take_failures(queues, url)) == []
