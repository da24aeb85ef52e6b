"""What an AWS account would get: nothing open, nothing too mighty, timed as the definitions say."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

import pytest

from exporter.queries import QUESTIONS
from exporter.queries.athena import parse
from exporter.settings import ExporterSettings
from fashion_contracts import landing, picks
from infra import names
from infra.definitions import DELIVERY, EVENT_SOURCE, RECURRING_JOBS, SCHEDULE, RecurringJob
from infra.synth import Template, Templates
from recommender.settings import BuildSettings, InteractionsSettings

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


def _containers(template: Template) -> dict[str, dict[str, Any]]:
    tasks = _all(template, "AWS::ECS::TaskDefinition")
    return {found["Name"]: found for task in tasks for found in task["ContainerDefinitions"]}


def _schedules(template: Template) -> dict[str, dict[str, Any]]:
    return {
        found["ScheduleExpression"]: found for found in _all(template, "AWS::Scheduler::Schedule")
    }


def _may_do(template: Template, policy: str) -> dict[str, set[str]]:
    """Return the actions on each store that the policies of that name allow."""
    found: dict[str, set[str]] = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Policy" and name.startswith(policy):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                for store in re.findall(
                    r'"((?:Picks|Lake)[A-Z][a-z]+)\w*", "Arn"(?:\]}, "(/[a-z*]+[/*]*)")?',
                    json.dumps(statement["Resource"]),
                ):
                    found.setdefault("".join(store), set()).update(_as_list(statement["Action"]))
    return found


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
        for queue in _all(aws_template, "AWS::SQS::Queue"):
            assert queue["SqsManagedSseEnabled"]
        for table in _all(aws_template, "AWS::DynamoDB::Table"):
            assert table["SSESpecification"]["SSEEnabled"]

    def test_no_function_is_told_a_password(self, aws_template: Template) -> None:
        for function in _all(aws_template, "AWS::Lambda::Function"):
            variables = function["Environment"]["Variables"]
            assert not {"EXPORTER_DATABASE_URL", "EXPORTER_PSEUDONYM_KEY"} & variables.keys()

    def test_containers_get_their_secrets_from_the_secret_store(
        self, aws_template: Template
    ) -> None:
        containers = _containers(aws_template)
        told = {name: {s["Name"] for s in found["Secrets"]} for name, found in containers.items()}
        assert told == {
            "Exporter": {"EXPORTER_DATABASE_URL", "EXPORTER_PSEUDONYM_KEY"},
            "Build": {"RECOMMENDER_DATABASE_URL"},
            "Refresh": {"RECOMMENDER_DATABASE_URL"},
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

    def test_the_models_jobs_reach_events_models_and_trends_and_no_shopper(
        self, aws_template: Template
    ) -> None:
        writes = {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"}
        for job in ("Build", "Refresh"):
            assert _may_do(aws_template, f"ModelJobs{job}TaskTaskRole") == {
                "LakeLanding": {"s3:ListBucket"},
                "LakeLanding/*": {"s3:GetObject"},
                "LakeModels": {"s3:ListBucket"},
                "LakeModels/models/*": writes,
                "LakeModels/deltas/*": writes,
                "PicksModels": {
                    "dynamodb:DeleteItem",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Scan",
                },
                "PicksTrends": {"dynamodb:BatchWriteItem", "dynamodb:PutItem"},
            }

    def test_the_picks_api_reads_and_may_empty_a_shopper(self, aws_template: Template) -> None:
        assert _may_do(aws_template, "ServingRole") == {
            "LakeModels": {"s3:ListBucket"},
            "LakeModels/models/*": {"s3:GetObject"},
            "LakeModels/deltas/*": {"s3:GetObject"},
            "PicksModels": {"dynamodb:GetItem"},
            "PicksShoppers": {
                "dynamodb:BatchGetItem",
                "dynamodb:GetItem",
                "dynamodb:UpdateItem",
            },
            "PicksTrends": {"dynamodb:GetItem"},
        }

    def test_interactions_reads_models_and_trends_and_writes_shoppers(
        self, aws_template: Template
    ) -> None:
        assert _may_do(aws_template, "InteractionsOnInteractionsRole") == {
            "LakeModels": {"s3:ListBucket"},
            "LakeModels/models/*": {"s3:GetObject"},
            "LakeModels/deltas/*": {"s3:GetObject"},
            "PicksModels": {"dynamodb:GetItem"},
            "PicksShoppers": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
            "PicksTrends": {"dynamodb:GetItem"},
        }

    def test_interactions_may_not_delete_a_shopper(self, aws_template: Template) -> None:
        actions = _may_do(aws_template, "InteractionsOnInteractionsRole")["PicksShoppers"]
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

    def test_no_model_in_use_vanishes_by_its_age(self, aws_template: Template) -> None:
        [models] = [
            resource["Properties"]
            for name, resource in aws_template["Resources"].items()
            if resource["Type"] == "AWS::S3::Bucket" and name.startswith("LakeModels")
        ]
        rules = models["LifecycleConfiguration"]["Rules"]
        expiring = [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule]
        assert expiring == [names.DELTAS_PREFIX]
        assert models["VersioningConfiguration"] == {"Status": "Enabled"}

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

    def test_a_click_is_not_made_to_wait_for_others(self) -> None:
        assert EVENT_SOURCE.batching_window_seconds == 0

    def test_the_nights_are_as_defined(self, aws_template: Template) -> None:
        schedule = _schedules(aws_template)["cron(1 0 * * ? *)"]
        assert schedule["ScheduleExpression"] == SCHEDULE.expression
        assert schedule["ScheduleExpressionTimezone"] == SCHEDULE.timezone
        assert schedule["Target"]["RetryPolicy"] == {
            "MaximumEventAgeInSeconds": 86400,
            "MaximumRetryAttempts": SCHEDULE.maximum_retry_attempts,
        }

    @pytest.mark.parametrize("job", RECURRING_JOBS, ids=lambda job: job.name)
    def test_a_recurring_job_is_as_defined(self, aws_template: Template, job: RecurringJob) -> None:
        target = _schedules(aws_template)[job.expression]["Target"]
        assert target["RetryPolicy"] == {
            "MaximumEventAgeInSeconds": job.every.total_seconds(),
            "MaximumRetryAttempts": job.maximum_retry_attempts,
        }
        container = _containers(aws_template)[job.name.capitalize()]
        assert container["Command"] == list(job.command)
        task = target["EcsParameters"]["TaskDefinitionArn"]["Ref"]
        task_definition = aws_template["Resources"][task]["Properties"]
        assert task_definition["ContainerDefinitions"] == [container]

    @pytest.mark.parametrize("job", RECURRING_JOBS, ids=lambda job: job.name)
    def test_a_jobs_command_is_in_its_image(self, job: RecurringJob) -> None:
        [script] = entry_points(group="console_scripts", name=job.command[0])
        assert script.value == f"{job.command[0]}.__main__:main"

    def test_every_start_is_a_container_and_what_fails_to_start_is_kept(
        self, aws_template: Template
    ) -> None:
        schedules = _schedules(aws_template)
        assert len(schedules) == 1 + len(RECURRING_JOBS)
        for schedule in schedules.values():
            target = schedule["Target"]
            assert target["EcsParameters"]["LaunchType"] == "FARGATE"
            assert target["DeadLetterConfig"]["Arn"]


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

    @pytest.mark.parametrize("job", [job.name.capitalize() for job in RECURRING_JOBS])
    def test_of_the_models_jobs(self, aws_template: Template, job: str) -> None:
        container = _containers(aws_template)[job]
        told = {entry["Name"] for entry in container["Environment"] + container["Secrets"]}
        fields = BuildSettings.model_fields.items()
        known = {f"RECOMMENDER_{name}".upper(): field for name, field in fields}
        assert told <= known.keys()
        assert {name for name, field in known.items() if field.is_required()} <= told


class TestNamedQueries:
    def test_each_question_is_athenas_in_the_stores_workgroup(self, aws_template: Template) -> None:
        named = {found["Name"]: found for found in _all(aws_template, "AWS::Athena::NamedQuery")}
        assert {name: found["Description"] for name, found in named.items()} == {
            question.name: question.title for question in QUESTIONS
        }
        for found in named.values():
            assert (found["WorkGroup"], found["Database"]) == (names.WORKGROUP, names.GLUE_DATABASE)
            parse(found["QueryString"], {})

    def test_without_a_day_a_question_is_of_the_shops_yesterday(
        self, aws_template: Template
    ) -> None:
        yesterday = f"CURRENT_TIMESTAMP AT TIME ZONE '{SCHEDULE.timezone}'"
        for found in _all(aws_template, "AWS::Athena::NamedQuery"):
            [question] = [asked for asked in QUESTIONS if asked.name == found["Name"]]
            assert (yesterday in found["QueryString"]) == question.asks_day

    def test_answers_are_encrypted_and_expire(self, aws_template: Template) -> None:
        group = _one(aws_template, "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
        assert group["EnforceWorkGroupConfiguration"]
        assert group["ResultConfiguration"]["EncryptionConfiguration"]
        rules = [
            rule
            for bucket in _all(aws_template, "AWS::S3::Bucket")
            for rule in bucket["LifecycleConfiguration"]["Rules"]
            if rule.get("Prefix") == names.ANSWERS_PREFIX
        ]
        assert [rule["ExpirationInDays"] for rule in rules] == [30]
