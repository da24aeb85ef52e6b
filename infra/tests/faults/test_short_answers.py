from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.faults.short_answers import THROTTLED, Call, ShortAnswers, put_some
from infra.local.aws_endpoint import AwsAddress, AwsEndpoint
from infra.local.lineage import list_shards
from infra.local.shards import ShardReader, Stream

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient

NUMBERS = st.integers(min_value=1, max_value=20)


class Shard:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def put(self, call: Call) -> Call:
        self.kept += call["Records"]
        return {"Records": [{"SequenceNumber": f"of {record}"} for record in call["Records"]]}


@given(NUMBERS, st.sets(st.integers(min_value=0, max_value=19)))
def test_what_is_refused_is_not_put_and_the_rest_keeps_its_place(
    count: int, drawn: set[int]
) -> None:
    refused = {at for at in drawn if at < count}
    records, shard = list(range(count)), Shard()
    answer = put_some({"Records": records}, refused, shard.put)
    assert answer["FailedRecordCount"] == len(refused)
    assert shard.kept == [record for record in records if record not in refused]
    for record, entry in zip(records, answer["Records"], strict=True):
        if record in refused:
            assert entry["ErrorCode"] == THROTTLED
        else:
            assert entry == {"SequenceNumber": f"of {record}"}


@pytest.mark.servers
def test_the_sdk_sees_a_partial_failure_and_the_stream_has_the_others(aws: AwsEndpoint) -> None:
    name = f"stream-{new_id().lower()}"
    aws.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    proxy = ShortAnswers(aws.port, share=0.5)
    proxy.start()
    try:
        kinesis: KinesisClient = AwsAddress(f"http://127.0.0.1:{proxy.port}").client("kinesis")
        records: Any = [{"PartitionKey": "p", "Data": b"%d" % n} for n in range(40)]
        answer = kinesis.put_records(StreamName=name, Records=records)
        assert kinesis.describe_stream_summary(StreamName=name)
        kinesis.close()
    finally:
        proxy.stop()
    taken = [
        record["Data"]
        for record, entry in zip(records, answer["Records"], strict=True)
        if "ErrorCode" not in entry
    ]
    assert 0 < answer["FailedRecordCount"] == proxy.refused < len(records)
    stream = Stream.describe(aws.client("kinesis"), name)
    [shard] = list_shards(aws.client("kinesis"), name)
    reader = ShardReader(aws.client("kinesis"), stream, shard.shard_id, after=None, clock=utc_now)
    assert [record.data for record in reader.read(100)] == taken
