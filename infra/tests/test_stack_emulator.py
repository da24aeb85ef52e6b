"""The AWS template in the emulator, whose CloudFormation makes all of it but a few kinds."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.alarms import ALARMS
from infra.cloud.commands import empty
from infra.cloud.tasks import TaskFailedError, raise_if_failed
from infra.definitions import EVENT_SOURCE, SCHEDULE
from infra.local.aws_endpoint import AwsEndpoint
from infra.synth import Template

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.servers

# Kinds that ministack's CloudFormation does not know.
UNKNOWN = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Athena::NamedQuery",
    "AWS::Budgets::Budget",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::SQS::QueuePolicy",
}
# Its alarms know no arithmetic.
ON_A_RATIO = "picks-impersonal"
STACK = "cloud"


def _is_unknown(resource: dict[str, Any]) -> bool:
    return resource["Type"] in UNKNOWN or (
        resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    )


def _known(template: Template) -> Template:
    """Leave out what the emulator does not know, and what refers to it by its name."""
    gone = {name for name, r in template["Resources"].items() if _is_unknown(r)}
    kept = {
        name: _without(resource, gone)
        for name, resource in template["Resources"].items()
        if name not in gone
    }
    for resource in kept.values():
        if "DependsOn" in resource:
            names = [n for n in _listed(resource["DependsOn"]) if n not in gone]
            resource["DependsOn"] = names
    outputs = dict(template["Outputs"])
    for output in outputs.values():
        output.pop("Export", None)
    return template | {"Resources": kept, "Outputs": outputs, "Parameters": {}}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _without(value: Any, gone: set[str]) -> Any:
    match value:
        case {"Ref": name} if name in gone:
            return "not-here"
        case {"Fn::GetAtt": [name, _]} if name in gone:
            return "not-here"
        case dict():
            return {key: _without(inner, gone) for key, inner in value.items()}
        case list():
            return [_without(inner, gone) for inner in value]
    return value


def _with_code(template: Template, bucket: str) -> Template:
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"S3Bucket": bucket, "S3Key": "code.zip"}
    return template


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, dev_template: Template) -> Any:
    """Return an endpoint of its own with the cloud's dev stage in it."""
    endpoint = AwsEndpoint(tmp_path_factory.mktemp("cloud"))
    endpoint.start()
    try:
        s3: S3Client = endpoint.client("s3")
        s3.create_bucket(Bucket="assets")
        s3.put_object(Bucket="assets", Key="code.zip", Body=_empty_zip())
        template = _with_code(_known(json.loads(json.dumps(dev_template))), "assets")
        s3.put_object(Bucket="assets", Key="template.json", Body=json.dumps(template).encode())
        formation = endpoint.client("cloudformation")
        formation.create_stack(
            StackName=STACK,
            TemplateURL=f"{endpoint.url}/assets/template.json",
            Capabilities=["CAPABILITY_IAM"],
        )
        formation.get_waiter("stack_create_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 40}
        )
        yield endpoint
    finally:
        endpoint.stop()


def _empty_zip() -> bytes:
    return b"PK\x05\x06" + bytes(18)


def test_every_resource_is_made(cloud: AwsEndpoint, dev_template: Template) -> None:
    formation = cloud.client("cloudformation")
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    made = {
        found["LogicalResourceId"]: found["ResourceStatus"]
        for page in pages
        for found in page["StackResourceSummaries"]
    }
    expected = {n for n, r in dev_template["Resources"].items() if not _is_unknown(r)}
    assert set(made) == expected
    assert set(made.values()) == {"CREATE_COMPLETE"}


def test_the_alarms_schedules_and_mapping_are_there(cloud: AwsEndpoint) -> None:
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {a["AlarmName"].removeprefix("fashion-store-dev-") for a in alarms} == set(ALARMS) - {
        ON_A_RATIO
    }
    [mapping] = cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["BatchSize"] == EVENT_SOURCE.batch_size
    scheduler = cloud.client("scheduler")
    found = [
        scheduler.get_schedule(Name=entry["Name"], GroupName=entry["GroupName"])
        for entry in scheduler.list_schedules()["Schedules"]
    ]
    nightly = [one for one in found if one["ScheduleExpression"] == SCHEDULE.expression]
    # The emulator's CloudFormation passes over the timezone; test_stack.py holds it.
    assert len(nightly) == 1


def test_a_bucket_is_emptied_of_all_versions(
    cloud: AwsEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3: S3Client = cloud.client("s3")
    monkeypatch.setattr("infra.cloud.commands.client", cloud.client)
    outputs = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    [bucket] = [o["OutputValue"] for o in outputs["Outputs"] if o["OutputKey"] == "ModelBucket"]
    for body in (b"old", b"new"):
        s3.put_object(Bucket=bucket, Key="models/m", Body=body)
    s3.delete_object(Bucket=bucket, Key="models/m")
    empty(bucket)
    left = s3.list_object_versions(Bucket=bucket)
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")


def test_a_task_of_which_a_container_failed_has_failed() -> None:
    well = {"name": "Migrate", "exitCode": 0}
    raise_if_failed({"containers": [well]})
    with pytest.raises(TaskFailedError, match="Prepare ended with 1: no way in"):
        raise_if_failed(
            {"containers": [well, {"name": "Prepare", "exitCode": 1, "reason": "no way in"}]}
        )
    with pytest.raises(TaskFailedError, match="Migrate ended with None: no image"):
        raise_if_failed({"containers": [{"name": "Migrate"}], "stoppedReason": "no image"})
