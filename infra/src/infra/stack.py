"""The shop's cloud on one screen: what exists, and who may touch what."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import names
from infra.constructs.daily_load import DailyLoad
from infra.constructs.delivery import DeliveryToLake
from infra.constructs.event_stream import EventStream
from infra.constructs.interactions import Interactions
from infra.constructs.jobs import Container, Placement, Starter
from infra.constructs.lake import Lake
from infra.constructs.models import ModelJobs
from infra.constructs.picks import Picks
from infra.constructs.queries import Queries
from infra.constructs.serving import Serving


@dataclass(frozen=True)
class Programs:
    """The code of the functions, and what the exporter's is told besides the lake."""

    interactions: lambda_.Code
    daily_load: lambda_.Code
    daily_load_environment: Mapping[str, str]


@dataclass(frozen=True)
class Containers:
    """What AWS needs to start the jobs by itself: their containers, and where they run."""

    placement: Placement
    exporter: Container
    recommender: Container


class FashionStoreStack(Stack):
    """Stream, tables, lake, functions. On one machine our own workers do what `automate` adds."""

    def __init__(self, scope: Construct, construct_id: str, *, local: bool) -> None:
        super().__init__(scope, construct_id, analytics_reporting=False)
        self._removal = RemovalPolicy.DESTROY if local else RemovalPolicy.RETAIN
        self.events = EventStream(self, "Events", local=local)
        self.picks = Picks(self, "Picks", removal=self._removal)
        self.lake = Lake(self, "Lake", removal=self._removal)

    def run(self, programs: Programs) -> None:
        """Add the functions and the outputs."""
        self.interactions = Interactions(
            self,
            "Interactions",
            code=programs.interactions,
            picks=self.picks,
            lake=self.lake,
            removal=self._removal,
        )
        self.daily_load = DailyLoad(
            self,
            "DailyLoad",
            code=programs.daily_load,
            lake=self.lake,
            environment=programs.daily_load_environment,
            removal=self._removal,
        )
        for name, value in self._outputs().items():
            CfnOutput(self, name, value=value)

    def automate(self, containers: Containers) -> None:
        """Let AWS feed the function, fill the landing zone, load the days, renew, answer."""
        self.interactions.follow(self.events)
        DeliveryToLake(self, "Delivery", events=self.events, lake=self.lake, removal=self._removal)
        starter = Starter(self, "Schedule", containers.placement)
        self.daily_load.place(containers.placement, containers.exporter.secret)
        self.daily_load.run_at_night(containers.exporter, starter)
        jobs = ModelJobs(self, "ModelJobs", picks=self.picks, lake=self.lake, removal=self._removal)
        jobs.run_by_schedule(containers.recommender, starter)
        Queries(self, "Queries", lake=self.lake)
        serving = Serving(self, "Serving", picks=self.picks, lake=self.lake)
        CfnOutput(self, "RecommenderApiRoleArn", value=serving.role.role_arn)

    def _outputs(self) -> dict[str, str]:
        return {
            "EventStream": self.events.stream.stream_name,
            "ShoppersTable": self.picks.shoppers.table_name,
            "TrendsTable": self.picks.trends.table_name,
            "ModelsTable": self.picks.models.table_name,
            "LandingBucket": self.lake.landing.bucket_name,
            "CleanBucket": self.lake.clean.bucket_name,
            "ModelBucket": self.lake.models.bucket_name,
            "GlueDatabase": names.GLUE_DATABASE,
            "InteractionsFunction": self.interactions.function.function_name,
            "DailyLoadFunction": self.daily_load.function.function_name,
            "FailureQueueUrl": self.interactions.failures.queue_url,
        }
