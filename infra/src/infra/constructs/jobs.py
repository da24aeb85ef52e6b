"""Containers that AWS starts by schedule, as infra.local.schedule starts the same commands here.

EventBridge Scheduler starts a run whether or not the one before has ended. That harms nothing: a
model is put in use only if the pointer still is where its build found it, and trends and loaded
days are replaced as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

FAILURE_RETENTION = Duration.days(14)


@dataclass(frozen=True)
class Placement:
    """Where jobs run on AWS: beside the database, in whose network they must be."""

    cluster_arn: str
    subnet_ids: list[str]
    security_group_ids: list[str]


@dataclass(frozen=True)
class Container:
    """A service's image, and the secret whose fields its settings are read from."""

    image: ecr_assets.DockerImageAsset
    secret: secretsmanager.ISecret
    secret_fields: Mapping[str, str]
    """The secret's field for each variable; neither a template nor a setting may hold it."""


@dataclass(frozen=True)
class JobProgram:
    """What a job runs, and how much of a machine it gets, in Fargate's units."""

    container: Container
    cpu: int
    memory_mebibytes: int
    command: Sequence[str] = ()
    """Instead of the image's own command."""


@dataclass(frozen=True)
class Timing:
    """When a job is started, and how often that is tried."""

    description: str
    expression: str
    maximum_retry_attempts: int
    timezone: str = "UTC"
    maximum_age: timedelta = timedelta(days=1)
    """For how long a start is tried again."""


class Job(Construct):
    """A task that may write its own logs, read its secret, and do what is granted to it later."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        program: JobProgram,
        *,
        environment: Mapping[str, str],
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        container = program.container
        self.task = ecs.FargateTaskDefinition(
            self, "Task", cpu=program.cpu, memory_limit_mib=program.memory_mebibytes
        )
        log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=removal
        )
        self.task.add_container(
            construct_id,
            image=ecs.ContainerImage.from_docker_image_asset(container.image),
            command=list(program.command) or None,
            environment=dict(environment),
            secrets={
                variable: ecs.Secret.from_secrets_manager(container.secret, field)
                for variable, field in container.secret_fields.items()
            },
            logging=ecs.LogDrivers.aws_logs(stream_prefix="job", log_group=log_group),
            readonly_root_filesystem=False,
        )


class Starter(Construct):
    """Starts jobs by schedule; a start that could not be made ends in its queue."""

    def __init__(self, scope: Construct, construct_id: str, placement: Placement) -> None:
        super().__init__(scope, construct_id)
        self._placement = placement
        self.failures = sqs.Queue(
            self,
            "Failures",
            retention_period=FAILURE_RETENTION,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self._role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com")
        )
        self.failures.grant(self._role, "sqs:SendMessage")

    def start(self, construct_id: str, job: Job, timing: Timing) -> None:
        """Start the job at these times."""
        job.task.grant_run(self._role)
        scheduler.CfnSchedule(
            self,
            construct_id,
            description=timing.description,
            schedule_expression=timing.expression,
            schedule_expression_timezone=timing.timezone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self._placement.cluster_arn,
                role_arn=self._role.role_arn,
                ecs_parameters=self._ecs_parameters(job),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=timing.maximum_retry_attempts,
                    maximum_event_age_in_seconds=timing.maximum_age.total_seconds(),
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(
                    arn=self.failures.queue_arn
                ),
            ),
        )

    def _ecs_parameters(self, job: Job) -> scheduler.CfnSchedule.EcsParametersProperty:
        network = scheduler.CfnSchedule.AwsVpcConfigurationProperty(
            subnets=self._placement.subnet_ids,
            security_groups=self._placement.security_group_ids,
            assign_public_ip="DISABLED",
        )
        return scheduler.CfnSchedule.EcsParametersProperty(
            task_definition_arn=job.task.task_definition_arn,
            launch_type="FARGATE",
            network_configuration=scheduler.CfnSchedule.NetworkConfigurationProperty(
                awsvpc_configuration=network
            ),
        )
