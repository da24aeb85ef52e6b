"""What an AWS account would get: nothing open, nothing too mighty, timed as the definitions say."""

from collections.abc import Iterator
from typing import Any

import pytest

from exporter.settings import ExporterSettings
from fashion_contracts import landing, picks
from infra import names
from infra.definitions import DELIVERY, EVENT_SOURCE, SCHEDULE
from infra.synth import Template, Templates
from recommender.settings import InteractionsSettings

# Actions for which AWS knows no narrower resource; none of them touches the shop's data.
ON_ANYTHING = {
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ecr:GetAuthorizationToken",
}


def _all(template: Template, kind: str) -> list[dict[str, Any]]:
    found = [r["Properties"] for r in template["Resources"].values() if r["Type"] == kind]
    assert found, kind
    return found


def _one(template: Template, kind: str) -> dict[str, Any]:
    [found] = _all(template, kind)
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _allowed(template: Template) -> Iterator[tuple[list[str], list[Any]]]:
    for policy in _all(template, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                yield _as_list(statement["Action"]), _as_list(statement["Resource"])


def _function(template: Template, handler: str) -> dict[str, Any]:
    [found] = [f for f in _all(template, "AWS::Lambda::Function") if f["Handler"] == handler]
    return found


class TestNothingIsOpen:
    def test_buckets_are_encrypted_private_and_tls_only(self, aws_template: Template) -> None:
        buckets = _all(aws_template, "AWS::S3::Bucket")
        for bucket in buckets:
            assert bucket["BucketEncryption"]
            assert all(bucket["PublicAccessBlockConfiguration"].values())
            assert bucket["LifecycleConfiguration"]["Rules"]
        refusals = [
            statement["Condition"]["Bool"]["aws:SecureTransport"]
            for policy in _all(aws_template, "AWS::S3::BucketPolicy")
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
        ]
        assert refusals == ["false"] * len(buckets)

    def test_stream_tables_and_queue_are_encrypted(self, aws_template: Template) -> None:
        assert _one(aws_template, "AWS::Kinesis::Stream")["StreamEncryption"]
        assert _one(aws_template, "AWS::SQS::Queue")["SqsManagedSseEnabled"]
        for table in _all(aws_template, "AWS::DynamoDB::Table"):
            assert table["SSESpecification"]["SSEEnabled"]

    def test_no_function_is_told_a_password(self, aws_template: Template) -> None:
        for function in _all(aws_template, "AWS::Lambda::Function"):
            variables = function["Environment"]["Variables"]
            assert not {"EXPORTER_DATABASE_URL", "EXPORTER_PSEUDONYM_KEY"} & variables.keys()

    def test_the_container_gets_its_secrets_from_the_secret_store(
        self, aws_template: Template
    ) -> None:
        [container] = _one(aws_template, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
        assert {secret["Name"] for secret in container["Secrets"]} == {
            "EXPORTER_DATABASE_URL",
            "EXPORTER_PSEUDONYM_KEY",
        }


class TestLeastPrivilege:
    def test_no_action_is_a_whole_service(self, aws_template: Template) -> None:
        for actions, _ in _allowed(aws_template):
            assert not [a for a in actions if a == "*" or a.endswith(":*")]

    def test_only_what_knows_no_resource_is_allowed_on_anything(
        self, aws_template: Template
    ) -> None:
        wide = {action for actions, on in _allowed(aws_template) if "*" in on for action in actions}
        assert wide <= ON_ANYTHING

    def test_no_managed_policy_is_attached(self, aws_template: Template) -> None:
        for role in _all(aws_template, "AWS::IAM::Role"):
            assert "ManagedPolicyArns" not in role

    def test_interactions_may_not_delete_a_shopper(self, aws_template: Template) -> None:
        actions = {action for allowed, _ in _allowed(aws_template) for action in allowed}
        assert "dynamodb:PutItem" in actions
        assert not {"dynamodb:DeleteItem", "dynamodb:DeleteTable"} & actions


class TestData:
    def test_what_holds_data_survives_the_stack(self, aws_template: Template) -> None:
        kinds = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Kinesis::Stream"}
        kept = [r for r in aws_template["Resources"].values() if r["Type"] in kinds]
        assert {resource["DeletionPolicy"] for resource in kept} == {"Retain"}

    def test_tables_are_paid_by_request_and_recoverable(self, aws_template: Template) -> None:
        for table in _all(aws_template, "AWS::DynamoDB::Table"):
            assert table["BillingMode"] == "PAY_PER_REQUEST"
            assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]

    def test_tables_have_the_keys_of_the_contract(self, aws_template: Template) -> None:
        keys = [
            tuple(part["AttributeName"] for part in table["KeySchema"])
            for table in _all(aws_template, "AWS::DynamoDB::Table")
        ]
        assert sorted(keys) == sorted(
            [
                (picks.SHOPPERS_KEY,),
                (picks.TRENDS_KEY, picks.TRENDS_SORT_KEY),
                (picks.MODELS_KEY,),
            ]
        )

    def test_the_stream_grows_by_itself(self, aws_template: Template) -> None:
        stream = _one(aws_template, "AWS::Kinesis::Stream")
        assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
        assert stream["Name"] == names.EVENT_STREAM


class TestTiming:
    def test_the_mapping_is_as_defined(self, aws_template: Template) -> None:
        mapping = _one(aws_template, "AWS::Lambda::EventSourceMapping")
        assert mapping["BatchSize"] == EVENT_SOURCE.batch_size
        assert mapping["MaximumBatchingWindowInSeconds"] == EVENT_SOURCE.batching_window_seconds
        assert mapping["MaximumRetryAttempts"] == EVENT_SOURCE.maximum_retry_attempts
        assert mapping["MaximumRecordAgeInSeconds"] == EVENT_SOURCE.maximum_record_age_seconds
        assert mapping["ParallelizationFactor"] == EVENT_SOURCE.parallelization_factor
        assert mapping["BisectBatchOnFunctionError"] is EVENT_SOURCE.bisect_on_error
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"]

    def test_the_delivery_is_as_defined(self, aws_template: Template) -> None:
        delivery = _one(aws_template, "AWS::KinesisFirehose::DeliveryStream")
        to = delivery["ExtendedS3DestinationConfiguration"]
        assert to["BufferingHints"] == {
            "IntervalInSeconds": DELIVERY.buffer_seconds,
            "SizeInMBs": DELIVERY.buffer_bytes / 2**20,
        }
        assert to["CompressionFormat"] == "GZIP"
        assert to["Prefix"].startswith(landing.EVENTS_PREFIX)
        assert to["ErrorOutputPrefix"].startswith(landing.BAD_EVENTS_PREFIX)

    def test_the_schedule_is_as_defined(self, aws_template: Template) -> None:
        schedule = _one(aws_template, "AWS::Scheduler::Schedule")
        assert schedule["ScheduleExpression"] == SCHEDULE.expression == "cron(1 0 * * ? *)"
        assert schedule["ScheduleExpressionTimezone"] == SCHEDULE.timezone
        assert schedule["Target"]["EcsParameters"]["LaunchType"] == "FARGATE"


class TestSettingsAgree:
    """Each variable that a function gets is a setting, and no needed setting is missing."""

    @pytest.mark.parametrize(
        ("handler", "settings", "prefix"),
        [
            (
                "recommender.lambdas.on_interactions.handler",
                InteractionsSettings,
                "RECOMMENDER_",
            ),
            ("exporter.lambdas.daily_load.handler", ExporterSettings, "EXPORTER_"),
        ],
    )
    def test_on_one_machine(
        self, templates: Templates, handler: str, settings: Any, prefix: str
    ) -> None:
        told = _function(templates.local, handler)["Environment"]["Variables"].keys()
        known = {prefix + name.upper(): field for name, field in settings.model_fields.items()}
        assert told <= known.keys()
        assert {name for name, field in known.items() if field.is_required()} <= told
