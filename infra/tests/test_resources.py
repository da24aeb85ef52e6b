import json
import zipfile
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fashion_contracts.events import ClientEvent, EventType, Interaction
from fashion_kit.aws import client
from fashion_kit.clock import utc_now
from infra import names
from infra.local import bundles
from infra.local import deploy as compose_deploy
from infra.local import resources as module
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.resources import DeploymentError, Resources, deploy, tell_function

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.servers

HANDLER = "recommender/lambdas/on_interactions.py"


def _interaction() -> Interaction:
    now = utc_now()  # what is long past expires from the real table
    event = ClientEvent(
        event_id="event-1",
        type=EventType.PRODUCT_VIEW,
        anonymous_id="anon-resources-test",
        session_id="session-1",
        product_id=7,
        event_time=now,
    )
    return Interaction.stamped(event, now)


def _kinesis_event(*records: bytes) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventSource": "aws:kinesis",
                "kinesis": {
                    "data": b64encode(record).decode(),
                    "partitionKey": "anon-resources-test",
                    "sequenceNumber": f"4964{number:052}",
                    "approximateArrivalTimestamp": utc_now().timestamp(),
                },
            }
            for number, record in enumerate(records)
        ]
    }


def _invoke(functions: "LambdaClient", name: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    body: dict[str, Any] = json.loads(answer["Payload"].read())
    assert not answer.get("FunctionError"), body
    return body


def _pack(folder: Path, version: int) -> dict[str, Path]:
    """Return bundles whose handler only says its version and where it finds AWS."""
    archive = folder / f"version-{version}.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        code = f"""
import os
def handler(event, context):
    aws = os.environ["AWS_ENDPOINT_URL"]
    return {{"version": {version}, "aws": aws, "count": len(event["Records"])}}
"""
        opened.writestr("recommender/__init__.py", "")
        opened.writestr("recommender/lambdas/__init__.py", "")
        opened.writestr(HANDLER, code)
    return {"recommender": archive, "exporter": archive}


class TestDeploy:
    def test_a_second_time_nothing_changes(self, aws: AwsEndpoint, resources: Resources) -> None:
        again = deploy(aws, with_functions=False)
        assert again.shoppers_table == resources.shoppers_table
        assert again.landing_bucket == resources.landing_bucket

    def test_shoppers_and_trends_expire(self, resources: Resources) -> None:
        dynamodb: DynamoDBClient = client("dynamodb")
        for table in (resources.shoppers_table, resources.trends_table):
            expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
            assert expiry["TimeToLiveStatus"] == "ENABLED"
            assert expiry["AttributeName"] == names.EXPIRY_ATTRIBUTE

    def test_records_do_not_expire_on_the_stream(self, resources: Resources) -> None:
        kinesis: KinesisClient = client("kinesis")
        stream = kinesis.describe_stream_summary(StreamName=resources.event_stream)
        assert stream["StreamDescriptionSummary"]["RetentionPeriodHours"] == 8760

    def test_the_failure_queue_is_reached_where_the_endpoint_is(
        self, aws: AwsEndpoint, resources: Resources
    ) -> None:
        sqs: SQSClient = client("sqs")
        assert resources.failure_queue_url.startswith(aws.url)
        sqs.send_message(QueueUrl=resources.failure_queue_url, MessageBody="bad record")
        sqs.purge_queue(QueueUrl=resources.failure_queue_url)

    def test_state_survives_a_stop_and_new_code_is_deployed(
        self, own_endpoint: AwsEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bundles, "build_all", lambda: _pack(tmp_path, 1))
        first = deploy(own_endpoint, database_url="mysql://first")
        own_endpoint.stop()
        own_endpoint.start()
        functions: LambdaClient = own_endpoint.client("lambda")
        event = _kinesis_event(b"a", b"b")
        before = _invoke(functions, first.interactions_function, event)
        monkeypatch.setattr(bundles, "build_all", lambda: _pack(tmp_path, 2))
        second = deploy(own_endpoint, database_url="mysql://second")
        after = _invoke(functions, second.interactions_function, event)
        assert before == {"version": 1, "aws": own_endpoint.url, "count": 2}
        assert after == {"version": 2, "aws": own_endpoint.url, "count": 2}
        assert second == first

    def test_a_resource_that_fails_is_named(
        self, own_endpoint: AwsEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        template = json.loads(module.TEMPLATE.read_text())
        template["Resources"]["Broken"] = {
            "Type": "AWS::Lambda::Url",
            "Properties": {"TargetFunctionArn": "nobody", "AuthType": "AWS_IAM"},
        }
        broken = tmp_path / "broken.json"
        broken.write_text(json.dumps(template))
        monkeypatch.setattr(module, "TEMPLATE", broken)
        with pytest.raises(DeploymentError, match="Broken"):
            deploy(own_endpoint, with_functions=False)


class TestFunctions:
    def test_an_interaction_becomes_a_shopper(self, resources_with_functions: Resources) -> None:
        functions: LambdaClient = client("lambda", read_timeout_seconds=30)
        dynamodb: DynamoDBClient = client("dynamodb")
        answer = _invoke(
            functions,
            resources_with_functions.interactions_function,
            _kinesis_event(_interaction().to_record()),
        )
        item = dynamodb.get_item(
            TableName=resources_with_functions.shoppers_table,
            Key={"user_id": {"S": "anon-resources-test"}},
        )
        assert answer == {"batchItemFailures": []}
        assert "history" in item["Item"]

    def test_one_day_is_loaded_on_demand(self, resources_with_functions: Resources) -> None:
        functions: LambdaClient = client("lambda", read_timeout_seconds=120, attempts=1)
        report = _invoke(
            functions,
            resources_with_functions.daily_load_function,
            {"DATE_EXECUTION": "2026-01-01"},
        )
        assert "2026-01-01" in json.dumps(report)


def test_a_function_is_told_where_traces_go_and_told_again_when_they_go_nowhere(
    resources_with_functions: Resources,
) -> None:
    functions: LambdaClient = client("lambda")
    name = resources_with_functions.interactions_function

    def told() -> dict[str, str]:
        found = functions.get_function_configuration(FunctionName=name)
        return found["Environment"]["Variables"]

    before = told()
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    tell_function(functions, name, tracing)
    assert told() == before | tracing
    tell_function(functions, name, {})
    assert told() == before


def test_what_compose_runs_tells_the_function_where_traces_go(
    own_endpoint: AwsEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_ENDPOINT_URL", own_endpoint.url)
    monkeypatch.setenv("DEPLOY_DATABASE_URL", "mysql+pymysql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("DEPLOY_KEYS_FOLDER", str(tmp_path / "keys"))
    functions: LambdaClient = own_endpoint.client("lambda")
    _, name = names.ON_ONE_MACHINE["Interactions/OnInteractions/Function"]
    for collector in ("http://127.0.0.1:4318", ""):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
        compose_deploy.main()
        told = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        assert told.get("OTEL_EXPORTER_OTLP_ENDPOINT", "") == collector
