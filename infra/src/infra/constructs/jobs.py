"""Containers that AWS starts by schedule, as infra.local.schedule starts the same commands here.

EventBridge Scheduler starts a run whether or not the one before has ended. That harms nothing: a
model is put in use only if the pointer still is where its build found it, and trends and loaded
days are replaced as a whole.
"""

from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.containers import Task
from infra.constructs.keeping import duration
from infra.constructs.network import Network
from infra.stages import Keeping


@dataclass(frozen=True)
class Placement:
    """Where containers run: beside the database, in whose network they must be."""

    cluster: ecs.ICluster
    network: Network

    def subnet_ids(self) -> list[str]:
        """Return the subnets that call out and are not called."""
        ids: list[str] = self.network.vpc.select_subnets(
            subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
        ).subnet_ids
        return ids


@dataclass(frozen=True)
class Timing:
    """When a job is started, and how often that is tried."""

    description: str
    expression: str
    maximum_retry_attempts: int
    timezone: str = "UTC"
    maximum_age: timedelta = timedelta(days=1)
    """For how long a start is tried again."""


class Starter(Construct):
    """Starts jobs by schedule; a start that could not be made ends in its queue."""

    def __init__(
        self, scope: Construct, construct_id: str, placement: Placement, *, keeping: Keeping
    ) -> None:
        super().__init__(scope, construct_id)
        self._placement = placement
        self.failures = sqs.Queue(
            self,
            "Failures",
            retention_period=duration(keeping.failures),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self._role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com")
        )
        self.failures.grant(self._role, "sqs:SendMessage")

    def start(self, construct_id: str, job: Task, timing: Timing) -> None:
        """Start the job at these times."""
        job.definition.grant_run(self._role)
        scheduler.CfnSchedule(
            self,
            construct_id,
            description=timing.description,
            schedule_expression=timing.expression,
            schedule_expression_timezone=timing.timezone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self._placement.cluster.cluster_arn,
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

    def _ecs_parameters(self, job: Task) -> scheduler.CfnSchedule.EcsParametersProperty:
        network = scheduler.CfnSchedule.AwsVpcConfigurationProperty(
            subnets=self._placement.subnet_ids(),
            security_groups=[self._placement.network.workers.security_group_id],
            assign_public_ip="DISABLED",
        )
        return scheduler.CfnSchedule.EcsParametersProperty(
            task_definition_arn=job.definition.task_definition_arn,
            launch_type="FARGATE",
            network_configuration=scheduler.CfnSchedule.NetworkConfigurationProperty(
                awsvpc_configuration=network
            ),
        )
