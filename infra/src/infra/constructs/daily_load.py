"""The daily load: the function for one day on demand, and the container of every night."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from fashion_contracts.landing import BAD_EVENTS_PREFIX
from infra import names
from infra.constructs.functions import Program, ServiceFunction
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


@dataclass(frozen=True)
class Placement:
    """Where the load runs on AWS: beside the database, in whose network it must be."""

    cluster_arn: str
    subnet_ids: list[str]
    security_group_ids: list[str]
    secret: secretsmanager.ISecret
    """Holds the fields of SECRET_FIELDS; neither a template nor a function's settings may."""


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

    def run_at_night(self, image: ecr_assets.DockerImageAsset, placement: Placement) -> None:
        """Let AWS start the exporter's container, as infra.local.schedule does here."""
        self._place_function(placement)
        task = self._build_task(image, placement.secret)
        role = iam.Role(
            self, "SchedulerRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com")
        )
        task.grant_run(role)
        self._build_schedule(task, role, placement)

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

    def _place_function(self, placement: Placement) -> None:
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
        placement.secret.grant_read(self.function)

    def _build_task(
        self, image: ecr_assets.DockerImageAsset, secret: secretsmanager.ISecret
    ) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self, "Task", cpu=TASK_CPU, memory_limit_mib=TASK_MEMORY_MEBIBYTES
        )
        log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=self._removal
        )
        task.add_container(
            "Exporter",
            image=ecs.ContainerImage.from_docker_image_asset(image),
            environment=self._environment,
            secrets={
                variable: ecs.Secret.from_secrets_manager(secret, field)
                for variable, field in SECRET_FIELDS.items()
            },
            logging=ecs.LogDrivers.aws_logs(stream_prefix="exporter", log_group=log_group),
            readonly_root_filesystem=False,
        )
        self._grant_lake(task.task_role)
        return task

    def _build_schedule(
        self, task: ecs.FargateTaskDefinition, role: iam.Role, placement: Placement
    ) -> None:
        network = scheduler.CfnSchedule.AwsVpcConfigurationProperty(
            subnets=placement.subnet_ids,
            security_groups=placement.security_group_ids,
            assign_public_ip="DISABLED",
        )
        scheduler.CfnSchedule(
            self,
            "EveryNight",
            description="Loads the business day that has just ended into the lake.",
            schedule_expression=SCHEDULE.expression,
            schedule_expression_timezone=SCHEDULE.timezone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=placement.cluster_arn,
                role_arn=role.role_arn,
                ecs_parameters=scheduler.CfnSchedule.EcsParametersProperty(
                    task_definition_arn=task.task_definition_arn,
                    launch_type="FARGATE",
                    network_configuration=scheduler.CfnSchedule.NetworkConfigurationProperty(
                        awsvpc_configuration=network
                    ),
                ),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=SCHEDULE.maximum_retry_attempts
                ),
            ),
        )
