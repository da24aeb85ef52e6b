"""What an AWS account would get: nothing open, nothing too mighty, timed as the definitions say."""

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
from infra.template_testing import (
    all_of,
    allowed,
    containers,
    function,
    may_do,
    one_of,
    schedules,
)
from recommender.settings import BuildSettings, InteractionsSettings

# Actions for which AWS knows no narrower resource; none of them touches the shop's data.
ON_ANYTHING = {
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ecr:GetAuthorizationToken",
}

# What AWS wants of whoever follows a stream.
STREAM_READS = {
    "DescribeStream",
    "DescribeStreamConsumer",
    "DescribeStreamSummary",
    "GetRecords",
    "GetShardIterator",
    "ListShards",
    "ListStreams",
    "SubscribeToShard",
}


class TestNothingIsOpen:
    def test_buckets_are_encrypted_private_and_tls_only(self, aws_template: Template) -> None:
        buckets = all_of(aws_template, "AWS::S3::Bucket")
        for bucket in buckets:
            assert bucket["BucketEncryption"]
            assert all(bucket["PublicAccessBlockConfiguration"].values())
            assert bucket["LifecycleConfiguration"]["Rules"]
        refusals = [
            statement["Condition"]["Bool"]["aws:SecureTransport"]
            for policy in all_of(aws_template, "AWS::S3::BucketPolicy")
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
        ]
        assert refusals == ["false"] * len(buckets)

    def test_stream_tables_and_queue_are_encrypted(self, aws_template: Template) -> None:
        assert one_of(aws_template, "AWS::Kinesis::Stream")["StreamEncryption"]
        for queue in all_of(aws_template, "AWS::SQS::Queue"):
            assert queue["SqsManagedSseEnabled"]
        for table in all_of(aws_template, "AWS::DynamoDB::Table"):
            assert table["SSESpecification"]["SSEEnabled"]

    def test_no_function_is_told_a_password(self, aws_template: Template) -> None:
        for found in all_of(aws_template, "AWS::Lambda::Function"):
            variables = found["Environment"]["Variables"]
            assert not {"EXPORTER_DATABASE_URL", "EXPORTER_PSEUDONYM_KEY"} & variables.keys()

    def test_containers_get_their_secrets_from_the_secret_store(
        self, aws_template: Template
    ) -> None:
        told = {
            name: {s["Name"] for s in found["Secrets"]}
            for name, found in containers(aws_template).items()
            if "Secrets" in found
        }
        users = ("STOREFRONT", "RECOMMENDER", "EXPORTER")
        passwords = {f"PREPARE_{user}_PASSWORD" for user in users}
        assert told == {
            "Migrate": {"STOREFRONT_DATABASE_URL"},
            "Prepare": {"PREPARE_DATABASE_URL", *passwords},
            "Storefront": {"STOREFRONT_DATABASE_URL"},
            "StorefrontFiles": {"FILE_0"},
            "Relay": {"STOREFRONT_DATABASE_URL"},
            "Recommender": {"RECOMMENDER_DATABASE_URL"},
            "RecommenderFiles": {"FILE_0"},
            "Exporter": {"EXPORTER_DATABASE_URL", "EXPORTER_PSEUDONYM_KEY"},
            "Build": {"RECOMMENDER_DATABASE_URL"},
            "Refresh": {"RECOMMENDER_DATABASE_URL"},
        }


class TestLeastPrivilege:
    def test_no_action_is_a_whole_service(self, aws_template: Template) -> None:
        for actions, _ in allowed(aws_template):
            # CDK's grants to a secret, a log group and a stream's reader name their actions.
            assert not [action for action in actions if "*" in action]

    def test_only_what_knows_no_resource_is_allowed_on_anything(
        self, aws_template: Template
    ) -> None:
        wide = {action for actions, on in allowed(aws_template) if "*" in on for action in actions}
        assert wide <= ON_ANYTHING

    def test_no_managed_policy_is_attached(self, aws_template: Template) -> None:
        for role in all_of(aws_template, "AWS::IAM::Role"):
            assert "ManagedPolicyArns" not in role

    def test_the_models_jobs_reach_events_models_and_trends_and_no_shopper(
        self, aws_template: Template
    ) -> None:
        writes = {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"}
        for job in ("Build", "Refresh"):
            assert may_do(aws_template, f"ModelJobs{job}TaskTaskRole") == {
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
        assert may_do(aws_template, "ServingRecommenderTaskTaskRole") == {
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
        reads = {f"kinesis:{verb}" for verb in STREAM_READS}
        assert may_do(aws_template, "InteractionsOnInteractionsRole") == {
            "EventsStream": reads,
            "LakeModels": {"s3:ListBucket"},
            "LakeModels/models/*": {"s3:GetObject"},
            "LakeModels/deltas/*": {"s3:GetObject"},
            "PicksModels": {"dynamodb:GetItem"},
            "PicksShoppers": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
            "PicksTrends": {"dynamodb:GetItem"},
        }

    def test_interactions_may_not_delete_a_shopper(self, aws_template: Template) -> None:
        actions = may_do(aws_template, "InteractionsOnInteractionsRole")["PicksShoppers"]
        assert "dynamodb:PutItem" in actions
        assert not {"dynamodb:DeleteItem", "dynamodb:DeleteTable"} & actions


class TestData:
    def test_what_holds_data_survives_the_stack(self, aws_template: Template) -> None:
        kinds = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Kinesis::Stream"}
        kept = [r for r in aws_template["Resources"].values() if r["Type"] in kinds]
        assert {resource["DeletionPolicy"] for resource in kept} == {"Retain"}

    def test_tables_are_paid_by_request_and_recoverable(self, aws_template: Template) -> None:
        for table in all_of(aws_template, "AWS::DynamoDB::Table"):
            assert table["BillingMode"] == "PAY_PER_REQUEST"
            assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]

    def test_tables_have_the_keys_of_the_contract(self, aws_template: Template) -> None:
        keys = [
            tuple(part["AttributeName"] for part in table["KeySchema"])
            for table in all_of(aws_template, "AWS::DynamoDB::Table")
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
        stream = one_of(aws_template, "AWS::Kinesis::Stream")
        assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
        assert stream["Name"] == names.EVENT_STREAM


class TestTiming:
    def test_the_mapping_is_as_defined(self, aws_template: Template) -> None:
        mapping = one_of(aws_template, "AWS::Lambda::EventSourceMapping")
        assert mapping["BatchSize"] == EVENT_SOURCE.batch_size
        assert mapping["MaximumBatchingWindowInSeconds"] == EVENT_SOURCE.batching_window_seconds
        assert mapping["MaximumRetryAttempts"] == EVENT_SOURCE.maximum_retry_attempts
        assert mapping["MaximumRecordAgeInSeconds"] == EVENT_SOURCE.maximum_record_age_seconds
        assert mapping["ParallelizationFactor"] == EVENT_SOURCE.parallelization_factor
        assert mapping["BisectBatchOnFunctionError"] is EVENT_SOURCE.bisect_on_error
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"]

    def test_the_delivery_is_as_defined(self, aws_template: Template) -> None:
        delivery = one_of(aws_template, "AWS::KinesisFirehose::DeliveryStream")
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
        schedule = schedules(aws_template)["cron(1 0 * * ? *)"]
        assert schedule["ScheduleExpression"] == SCHEDULE.expression
        assert schedule["ScheduleExpressionTimezone"] == SCHEDULE.timezone
        assert schedule["Target"]["RetryPolicy"] == {
            "MaximumEventAgeInSeconds": 86400,
            "MaximumRetryAttempts": SCHEDULE.maximum_retry_attempts,
        }

    @pytest.mark.parametrize("job", RECURRING_JOBS, ids=lambda job: job.name)
    def test_a_recurring_job_is_as_defined(self, aws_template: Template, job: RecurringJob) -> None:
        target = schedules(aws_template)[job.expression]["Target"]
        assert target["RetryPolicy"] == {
            "MaximumEventAgeInSeconds": job.every.total_seconds(),
            "MaximumRetryAttempts": job.maximum_retry_attempts,
        }
        container = containers(aws_template)[job.name.capitalize()]
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
        found = schedules(aws_template)
        assert len(found) == 1 + len(RECURRING_JOBS)
        for schedule in found.values():
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
        told = function(templates.local, handler)["Environment"]["Variables"].keys()
        known = {prefix + name.upper(): field for name, field in settings.model_fields.items()}
        assert told <= known.keys()
        assert {name for name, field in known.items() if field.is_required()} <= told

    @pytest.mark.parametrize("job", [job.name.capitalize() for job in RECURRING_JOBS])
    def test_of_the_models_jobs(self, aws_template: Template, job: str) -> None:
        container = containers(aws_template)[job]
        told = {entry["Name"] for entry in container["Environment"] + container["Secrets"]}
        fields = BuildSettings.model_fields.items()
        known = {f"RECOMMENDER_{name}".upper(): field for name, field in fields}
        assert told <= known.keys()
        assert {name for name, field in known.items() if field.is_required()} <= told


class TestNamedQueries:
    def test_each_question_is_athenas_in_the_stores_workgroup(self, aws_template: Template) -> None:
        named = {found["Name"]: found for found in all_of(aws_template, "AWS::Athena::NamedQuery")}
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
        for found in all_of(aws_template, "AWS::Athena::NamedQuery"):
            [question] = [asked for asked in QUESTIONS if asked.name == found["Name"]]
            assert (yesterday in found["QueryString"]) == question.asks_day

    def test_answers_are_encrypted_and_expire(self, aws_template: Template) -> None:
        group = one_of(aws_template, "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
        assert group["EnforceWorkGroupConfiguration"]
        assert group["ResultConfiguration"]["EncryptionConfiguration"]
        rules = [
            rule
            for bucket in all_of(aws_template, "AWS::S3::Bucket")
            for rule in bucket["LifecycleConfiguration"]["Rules"]
            if rule.get("Prefix") == names.ANSWERS_PREFIX
        ]
        assert [rule["ExpirationInDays"] for rule in rules] == [30]
