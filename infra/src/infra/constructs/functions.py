"""How every Lambda of ours is made: its own role, its own log group, and nothing else allowed."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.keeping import log_group
from infra.stages import Keeping

# AWS knows no narrower resource for a function's network interfaces.
NETWORK_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
)


@dataclass(frozen=True)
class FunctionPlace:
    """The network in which a function must be to reach the database."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    security_group: ec2.ISecurityGroup


@dataclass(frozen=True)
class SizedCode:
    """A bundle, and the memory it needs."""

    code: lambda_.Code
    memory_mebibytes: int


@dataclass(frozen=True)
class Program:
    """What a function runs: its bundle, its entry point, and how much it may use."""

    code: lambda_.Code
    handler: str
    timeout: Duration
    memory_mebibytes: int
    place: FunctionPlace | None = None
    """Nowhere in particular, if not told: AWS's own network."""


class ServiceFunction(Construct):
    """A Lambda function whose role may write its own logs and what is granted to it later."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        program: Program,
        *,
        environment: Mapping[str, str],
        keeping: Keeping,
    ) -> None:
        super().__init__(scope, construct_id)
        logs = log_group(self, keeping)
        # Without a role of our own, CDK attaches a managed policy that may write every log.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        logs.grant_write(role)
        place = program.place
        if place is not None:
            role.add_to_policy(iam.PolicyStatement(actions=list(NETWORK_ACTIONS), resources=["*"]))
        self.logs = logs
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_11,
            code=program.code,
            handler=program.handler,
            timeout=program.timeout,
            memory_size=program.memory_mebibytes,
            environment=dict(environment),
            log_group=logs,
            role=role,
            vpc=place.vpc if place else None,
            vpc_subnets=place.subnets if place else None,
            security_groups=[place.security_group] if place else None,
        )
