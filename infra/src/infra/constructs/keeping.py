"""How long things are kept, in CDK's words."""

from datetime import timedelta

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.stages import Keeping


def duration(given: timedelta) -> Duration:
    """Return the time as CDK writes it: in whole days where it is some."""
    if given % timedelta(days=1) == timedelta():
        return Duration.days(given.days)
    return Duration.millis(given // timedelta(milliseconds=1))


def removal(keeping: Keeping) -> RemovalPolicy:
    """Return what happens to what holds data when its stack is deleted."""
    return RemovalPolicy.RETAIN if keeping.outlives_stack else RemovalPolicy.DESTROY


def log_group(scope: Construct, keeping: Keeping) -> logs.LogGroup:
    """Make the log group of the construct; CloudWatch encrypts it."""
    return logs.LogGroup(
        scope,
        "Logs",
        retention=logs.RetentionDays[keeping.logs],
        removal_policy=removal(keeping),
    )
