"""The daily load: the function for one day on demand, and the container of every night."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from fashion_contracts.landing import BAD_EVENTS_PREFIX
from infra import names
from infra.constructs.functions import Program, ServiceFunction
from infra.constructs.jobs import Container, Job, JobProgram, Placement, Starter, Timing
from infra.constructs.lake import Lake
from infra.definitions import SCHEDULE

HANDLER = "exporter.lambdas.daily_load.handler"
TIMEOUT = Duration.minutes(15)
MEMORY_MEBIBYTES = 2048
TASK_CPU = 1024
TASK_MEMORY_MEBIBYTES = 4096
SECRET_FIELDS = {
    "EXPORTER_DATABASE_URL": "database_url",
    "EXPORTER_PSEUDONYM_KEY": "pseudonym_key",
}


class DailyLoad(Construct):
    """What moves one business day from the database into the lake."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        lake: Lake,
        environment: Mapping[str, str],
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._lake = lake
        self._removal = removal
        self._environment = {
            "EXPORTER_LANDING_BUCKET": lake.landing.bucket_name,
            "EXPORTER_CLEAN_BUCKET": lake.clean.bucket_name,
            "EXPORTER_GLUE_DATABASE": names.GLUE_DATABASE,
            "EXPORTER_BUSINESS_TIMEZONE": SCHEDULE.timezone,
        }
        self.function = ServiceFunction(
            self,
            "OnDemand",
            Program(code, HANDLER, TIMEOUT, MEMORY_MEBIBYTES),
            environment={**self._environment, **environment},
            removal=removal,
        ).function
        self._grant_lake(self.function)

    def place(self, placement: Placement, secret: secretsmanager.ISecret) -> None:
        """Put the function into the database's network and let it read the secret."""
        resource: Any = self.function.node.default_child
        resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=placement.subnet_ids, security_group_ids=placement.security_group_ids
        )
        # AWS defines no narrower resource for a function's network interfaces.
        self.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=[
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                ],
                resources=["*"],
            )
        )
        secret.grant_read(self.function)

    def run_at_night(self, container: Container, starter: Starter) -> None:
        """Let AWS start the exporter's container, as infra.local.schedule does here."""
        job = Job(
            self,
            "Exporter",
            JobProgram(container, TASK_CPU, TASK_MEMORY_MEBIBYTES),
            environment=self._environment,
            removal=self._removal,
        )
        self._grant_lake(job.task.task_role)
        timing = Timing(
            description="Loads the business day that has just ended into the lake.",
            expression=SCHEDULE.expression,
            maximum_retry_attempts=SCHEDULE.maximum_retry_attempts,
            timezone=SCHEDULE.timezone,
        )
        starter.start("EveryNight", job, timing)

    def _grant_lake(self, grantee: iam.IGrantable) -> None:
        lake = self._lake
        lake.grant_read(lake.landing, grantee)
        lake.grant_write(lake.landing, grantee, f"{BAD_EVENTS_PREFIX}*")
        lake.grant_read(lake.clean, grantee)
        lake.grant_write(lake.clean, grantee, "*")
        here = f"arn:{Aws.PARTITION}:glue:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=[
                    "glue:CreateTable",
                    "glue:GetDatabase",
                    "glue:GetTable",
                    "glue:GetTables",
                    "glue:UpdateTable",
                ],
                resources=[
                    f"{here}:catalog",
                    f"{here}:database/{names.GLUE_DATABASE}",
                    f"{here}:table/{names.GLUE_DATABASE}/*",
                ],
            )
        )
