"""How every Lambda of ours is made: its own role, its own log group, and nothing else allowed."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct


@dataclass(frozen=True)
class Program:
    """What a function runs: its bundle, its entry point, and how much it may use."""

    code: lambda_.Code
    handler: str
    timeout: Duration
    memory_mebibytes: int


class ServiceFunction(Construct):
    """A Lambda function whose role may write its own logs and what is granted to it later."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        program: Program,
        *,
        environment: Mapping[str, str],
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=removal
        )
        # Without a role of our own, CDK attaches a managed policy that may write every log.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_11,
            code=program.code,
            handler=program.handler,
            timeout=program.timeout,
            memory_size=program.memory_mebibytes,
            environment=dict(environment),
            log_group=log_group,
            role=role,
        )
