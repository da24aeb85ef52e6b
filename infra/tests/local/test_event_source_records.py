"""What a function is sent, and how its answer is read."""

from datetime import timedelta
from typing import Any

import pytest

from infra.local.event_source.function import Answer, first_failure
from infra.local.event_source.records import Source, fitting, lambda_event
from infra.local.shards import Record
from infra.local.worker_testing import NOON, ScriptedShard

SOURCE = Source(
    stream_arn="arn:aws:kinesis:us-east-1:000000000000:stream/clickstream",
    shard_id="shardId-000000000000",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:on-interactions",
    role_arn="arn:aws:iam::000000000000:role/on-interactions",
)


class TestEvent:
    def test_it_has_the_shape_that_aws_sends(self) -> None:
        record = Record("495459", "shopper-1", b"Hello", NOON + timedelta(milliseconds=987))
        assert lambda_event(SOURCE, [record]) == {
            "Records": [
                {
                    "kinesis": {
                        "kinesisSchemaVersion": "1.0",
                        "partitionKey": "shopper-1",
                        "sequenceNumber": "495459",
                        "data": "SGVsbG8=",
                        "approximateArrivalTimestamp": 1767268800.987,
                    },
                    "eventSource": "aws:kinesis",
                    "eventVersion": "1.0",
                    "eventID": "shardId-000000000000:495459",
                    "eventName": "aws:kinesis:record",
                    "invokeIdentityArn": "arn:aws:iam::000000000000:role/on-interactions",
                    "awsRegion": "us-east-1",
                    "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/clickstream",
                }
            ]
        }

    def test_a_batch_stays_under_the_payload_limit(self) -> None:
        large = [Record(str(number), "key", b"x" * 1_000_000, NOON) for number in range(10)]
        assert len(list(fitting(large, 100))) == 4

    def test_one_record_is_always_delivered(self) -> None:
        huge = Record("1", "key", b"x" * 10_000_000, NOON)
        assert list(fitting([huge, huge], 100)) == [huge]


class TestAnswer:
    @pytest.mark.parametrize(
        ("payload", "expected"),
        [
            (None, None),
            ({}, None),
            ({"batchItemFailures": None}, None),
            ({"batchItemFailures": []}, None),
            ({"batchItemFailures": [{"itemIdentifier": "3"}]}, 2),
            ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}, 1),
            ({"batchItemFailures": [{"itemIdentifier": ""}]}, 0),
            ({"batchItemFailures": [{"itemIdentifier": None}]}, 0),
            ({"batchItemFailures": [{"itemIdentifier": ["3"]}]}, 0),
            ({"batchItemFailures": [{"item": "3"}]}, 0),
            ({"batchItemFailures": [{"itemIdentifier": "no record of the batch"}]}, 0),
            ({"batchItemFailures": 3}, 0),
            ("text", 0),
        ],
    )
    def test_it_is_read_as_aws_reads_it(
        self, payload: Any, expected: int | None, shard: ScriptedShard
    ) -> None:
        records = shard.put(b"1", b"2", b"3", b"4")
        assert first_failure(Answer(payload), records, reports_items=True) == expected

    def test_an_error_of_the_function_is_a_failure_of_the_batch(self, shard: ScriptedShard) -> None:
        assert (
            first_failure(
                Answer({"errorMessage": "boom"}, "Unhandled"), shard.put(b"1"), reports_items=True
            )
            == 0
        )

    def test_reported_failures_are_not_read_unless_asked_for(self, shard: ScriptedShard) -> None:
        answer = Answer({"batchItemFailures": [{"itemIdentifier": "1"}]})
        assert first_failure(answer, shard.put(b"1"), reports_items=False) is None
