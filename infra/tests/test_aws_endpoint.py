import json
import subprocess
from typing import TYPE_CHECKING

import psutil
import pytest

from infra.local.aws_endpoint import LAUNCHER, AwsEndpoint, _python

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

pytestmark = pytest.mark.servers

# Runs on the endpoint's own interpreter, as the launcher does.
EXPIRE = """
import json, runpy, sys, time
expire = runpy.run_path(sys.argv[1])["expire_records"]
hours = 3600
def record(age): return {"ApproximateArrivalTimestamp": time.time() - age * hours, "age": age}
stream = {"RetentionPeriodHours": 24, "shards": {
    "old-head": {"records": [record(30), record(25), record(23), record(1)]},
    "fresh": {"records": [record(2)]},
    "all-old": {"records": [record(99), record(50)]},
    "empty": {"records": []},
}}
expire(stream)
print(json.dumps({k: [r["age"] for r in v["records"]] for k, v in stream["shards"].items()}))
"""


class TestLauncher:
    def test_only_the_expired_head_is_dropped(self) -> None:
        done = subprocess.run(
            [_python(), "-c", EXPIRE, LAUNCHER], capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout.splitlines()[-1]) == {
            "old-head": [23, 1],
            "fresh": [2],
            "all-old": [],
            "empty": [],
        }


class TestEndpoint:
    def test_it_listens_on_loopback_alone(self, aws: AwsEndpoint) -> None:
        connections = psutil.Process(aws.pid).net_connections()
        listening = {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}

    def test_what_it_holds_survives_a_stop(self, own_endpoint: AwsEndpoint) -> None:
        kinesis: KinesisClient = own_endpoint.client("kinesis")
        dynamodb: DynamoDBClient = own_endpoint.client("dynamodb")
        kinesis.create_stream(StreamName="kept", ShardCount=1)
        kinesis.put_record(StreamName="kept", Data=b"click", PartitionKey="a")
        dynamodb.create_table(
            TableName="kept",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.put_item(TableName="kept", Item={"id": {"S": "one"}, "body": {"B": b"\0\xff"}})
        own_endpoint.stop()
        own_endpoint.start()
        iterator = kinesis.get_shard_iterator(
            StreamName="kept", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        item = dynamodb.get_item(TableName="kept", Key={"id": {"S": "one"}})["Item"]
        assert [record["Data"] for record in records] == [b"click"]
        assert item["body"]["B"] == b"\0\xff"

    def test_a_reset_empties_it(self, own_endpoint: AwsEndpoint) -> None:
        kinesis: KinesisClient = own_endpoint.client("kinesis")
        kinesis.create_stream(StreamName="gone", ShardCount=1)
        own_endpoint.reset()
        assert kinesis.list_streams()["StreamNames"] == []

    def test_it_is_healthy_only_while_it_runs(self, own_endpoint: AwsEndpoint) -> None:
        assert own_endpoint.is_healthy()
        own_endpoint.stop()
        assert not own_endpoint.is_healthy()
        assert own_endpoint.pid is None
