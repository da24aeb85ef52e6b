"""Tells of jobs that ran and failed: EventBridge Scheduler only knows of starts."""

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from constructs import Construct


class FailedJobs(Construct):
    """A rule on tasks that nobody keeps running and that ended with another code than 0."""

    def __init__(
        self, scope: Construct, construct_id: str, *, cluster: ecs.ICluster, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        rule = events.Rule(
            self,
            "Rule",
            description="A job of the shop ended with a failure.",
            event_pattern=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Task State Change"],
                detail={
                    "clusterArn": [cluster.cluster_arn],
                    "lastStatus": ["STOPPED"],
                    # Tasks of services belong to the group service:...
                    "group": [{"prefix": "family:"}],
                    "containers": {"exitCode": [{"anything-but": 0}]},
                },
            ),
        )
        rule.add_target(targets.SnsTopic(topic))
