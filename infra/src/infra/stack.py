"""The shop's cloud on one screen: what exists, and who may touch what.

LocalStack       what the emulator of one machine takes; our own workers do the rest
FoundationStack  AWS: the network and what holds data; it is there before the services
ServicesStack    AWS: what runs, feeds, watches and answers
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import CfnOutput, SecretValue, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import names
from infra.constructs.access_logs import AccessLogs
from infra.constructs.balancer import Balancer
from infra.constructs.budget import Budget
from infra.constructs.containers import Container, image
from infra.constructs.daily_load import DailyLoad
from infra.constructs.delivery import DeliveryToLake
from infra.constructs.event_stream import EventStream
from infra.constructs.failed_jobs import FailedJobs
from infra.constructs.functions import FunctionPlace, SizedCode
from infra.constructs.interactions import Interactions
from infra.constructs.jobs import Placement, Starter
from infra.constructs.keys import PRIVATE_KEY, PSEUDONYM_KEY, PUBLIC_KEY, Keys
from infra.constructs.lake import Lake
from infra.constructs.models import ModelJobs
from infra.constructs.network import Network
from infra.constructs.notices import Notices
from infra.constructs.orders_database import FUNCTION_CERTIFICATES, OrdersDatabase, Sizes
from infra.constructs.picks import Picks
from infra.constructs.picks_api import PATHS, PicksApi
from infra.constructs.picks_api import TOKEN_KEY_FILE as CHECKING_KEY_FILE
from infra.constructs.preparation import Preparation
from infra.constructs.queries import Queries
from infra.constructs.rules import Watched, rules_of
from infra.constructs.serving import Host
from infra.constructs.spool import Spool
from infra.constructs.storefront import TOKEN_KEY_FILE as SIGNING_KEY_FILE
from infra.constructs.storefront import Storefront
from infra.constructs.watch import Watch
from infra.stages import ONE_MACHINE, CloudSettings, FunctionSizes, Stage

field_of = ecs.Secret.from_secrets_manager


@dataclass(frozen=True)
class Programs:
    """The code of the functions."""

    interactions: lambda_.Code
    daily_load: lambda_.Code


class LocalStack(Stack):
    """Stream, tables, lake, functions."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id, analytics_reporting=False)
        self.events = EventStream(self, "Events", keeping=ONE_MACHINE)
        self.picks = Picks(self, "Picks", keeping=ONE_MACHINE)
        self.lake = Lake(self, "Lake", keeping=ONE_MACHINE)

    def run(self, programs: Programs, daily_load_environment: Mapping[str, str]) -> None:
        """Add the functions and the outputs."""
        sizes = FunctionSizes()
        self.interactions = Interactions(
            self,
            "Interactions",
            code=SizedCode(programs.interactions, sizes.interactions),
            picks=self.picks,
            lake=self.lake,
            keeping=ONE_MACHINE,
        )
        self.daily_load = DailyLoad(self, "DailyLoad", lake=self.lake, keeping=ONE_MACHINE)
        self.daily_load.run_on_demand(programs.daily_load, sizes, daily_load_environment)
        _put_out(
            self,
            {
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
            },
        )


class FoundationStack(Stack):
    """The network, the stores, the keys, and the task that prepares them for the services."""

    def __init__(
        self, scope: Construct, construct_id: str, stage: Stage, settings: CloudSettings
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            analytics_reporting=False,
            termination_protection=stage.keeping.outlives_stack,
        )
        keeping = stage.keeping
        self.network = Network(self, "Network", size=stage.network, keeping=keeping)
        sizes = Sizes(stage.database, keeping, settings.password_round)
        self.database = OrdersDatabase(self, "Orders", network=self.network, sizes=sizes)
        self.keys = Keys(self, "Keys", keeping=keeping)
        self.spool = Spool(self, "Spool", network=self.network, keeping=keeping)
        self.access_logs = AccessLogs(self, "AccessLogs", keeping=keeping)
        self.events = EventStream(self, "Events", keeping=keeping)
        self.picks = Picks(self, "Picks", keeping=keeping)
        self.lake = Lake(self, "Lake", keeping=keeping, access_logs=self.access_logs)
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=self.network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.preparation = Preparation(
            self,
            "Preparation",
            database=self.database,
            keys=self.keys,
            size=stage.tasks.prepare,
            keeping=keeping,
        )
        self._put_out()

    def _put_out(self) -> None:
        placement = Placement(self.cluster, self.network)
        _put_out(
            self,
            {
                "ClusterName": self.cluster.cluster_name,
                "SubnetIds": ",".join(placement.subnet_ids()),
                "WorkersGroupId": self.network.workers.security_group_id,
                "PrepareTaskArn": self.preparation.task.definition.task_definition_arn,
                "LandingBucket": self.lake.landing.bucket_name,
                "CleanBucket": self.lake.clean.bucket_name,
                "ModelBucket": self.lake.models.bucket_name,
                "AccessLogsBucket": self.access_logs.bucket.bucket_name,
            },
        )


class ServicesStack(Stack):
    """The functions, the services behind their load balancer, the jobs, and who watches them."""

    def __init__(
        self, scope: Construct, construct_id: str, stage: Stage, foundation: FoundationStack
    ) -> None:
        super().__init__(scope, construct_id, analytics_reporting=False)
        self._stage = stage
        self._base = foundation
        self._placement = Placement(foundation.cluster, foundation.network)

    def run(self, programs: Programs, settings: CloudSettings) -> None:
        """Add everything that runs, in the order in which events go through it."""
        self._serve(settings)
        self._follow(programs)
        self._schedule(programs)
        Queries(self, "Queries", lake=self._base.lake, stage=self._stage)
        self._watch(settings)
        _put_out(
            self,
            {
                "Address": self.balancer.address,
                "StorefrontTaskArn": self.storefront.relay.task.definition.task_definition_arn,
                "RecommenderTaskArn": self.models.build.definition.task_definition_arn,
                "ExporterTaskArn": self.daily_load.task.definition.task_definition_arn,
            },
        )

    def _serve(self, settings: CloudSettings) -> None:
        base, stage = self._base, self._stage
        host = Host(self._placement, stage.balancing, stage.keeping)
        self.balancer = Balancer(
            self,
            "Balancer",
            network=base.network,
            access_logs=base.access_logs,
            certificate_arn=settings.certificate_arn,
            deletion_protection=stage.keeping.outlives_stack,
        )
        access = base.database.access("StorefrontAccess", "storefront")
        container = Container(
            self._image("storefront"),
            {"STOREFRONT_CORS_ORIGINS": settings.cors_origins},
            {"STOREFRONT_DATABASE_URL": field_of(access, "database_url")},
        )
        self.storefront = Storefront(self, "Selling", container, events=base.events, lake=base.lake)
        signing = {SIGNING_KEY_FILE: field_of(base.keys.signing, PRIVATE_KEY)}
        self.storefront.run(host, stage, base.spool, signing).answer(self.balancer)
        access = base.database.access("RecommenderAccess", "recommender")
        self._recommender = Container(
            self._image("recommender"),
            {"RECOMMENDER_CORS_ORIGINS": settings.cors_origins},
            {"RECOMMENDER_DATABASE_URL": field_of(access, "database_url")},
        )
        self.picks_api = PicksApi(self, "Serving", picks=base.picks, lake=base.lake)
        checking = {CHECKING_KEY_FILE: field_of(base.keys.checking, PUBLIC_KEY)}
        api = self.picks_api.run(self._recommender, host, stage, checking)
        api.answer(self.balancer, *PATHS)

    def _follow(self, programs: Programs) -> None:
        base, stage = self._base, self._stage
        self.interactions = Interactions(
            self,
            "Interactions",
            code=SizedCode(programs.interactions, stage.functions.interactions),
            picks=base.picks,
            lake=base.lake,
            keeping=stage.keeping,
        )
        self.interactions.follow(base.events)
        self.delivery = DeliveryToLake(
            self, "Delivery", events=base.events, lake=base.lake, keeping=stage.keeping
        )

    def _schedule(self, programs: Programs) -> None:
        base, stage = self._base, self._stage
        self.starter = Starter(self, "Schedule", self._placement, keeping=stage.keeping)
        pseudonym = {
            PSEUDONYM_KEY: base.keys.pseudonym.secret_value_from_json(PSEUDONYM_KEY),
        }
        self.daily_load = DailyLoad(self, "DailyLoad", lake=base.lake, keeping=stage.keeping)
        self._load_on_demand(programs, pseudonym)
        access = base.database.access("ExporterAccess", "exporter", others=pseudonym)
        exporter = Container(
            self._image("exporter"),
            self.daily_load.environment,
            {
                "EXPORTER_DATABASE_URL": field_of(access, "database_url"),
                "EXPORTER_PSEUDONYM_KEY": field_of(access, PSEUDONYM_KEY),
            },
        )
        self.daily_load.run_at_night(exporter, stage.tasks.nightly, self.starter)
        self.models = ModelJobs(
            self, "ModelJobs", picks=base.picks, lake=base.lake, keeping=stage.keeping
        )
        self.models.run_by_schedule(self._recommender, stage.tasks, self.starter)

    def _load_on_demand(self, programs: Programs, others: Mapping[str, SecretValue]) -> None:
        base = self._base
        access = base.database.access(
            "FunctionAccess", "exporter", certificates=FUNCTION_CERTIFICATES, others=others
        )
        network = base.network
        self.daily_load.run_on_demand(
            programs.daily_load,
            self._stage.functions,
            {"EXPORTER_SECRET_ID": access.secret_arn},
            FunctionPlace(network.vpc, network.private, network.workers),
        )
        access.grant_read(self.daily_load.function)

    def _watch(self, settings: CloudSettings) -> None:
        base, stage = self._base, self._stage
        notices = Notices(self, "Notices", email=settings.alarm_email, keeping=stage.keeping)
        watched = Watched(
            events=base.events,
            interactions=self.interactions,
            delivery=self.delivery,
            daily_load=self.daily_load,
            starter=self.starter,
            balancer=self.balancer,
            storefront=self.storefront.api,
            recommender=self.picks_api.api,
            relay=self.storefront.relay,
            database=base.database,
        )
        rules = rules_of(watched, stage.thresholds)
        Watch(self, "Watch", rules, topic=notices.topic, stage=stage.name)
        FailedJobs(self, "FailedJobs", cluster=base.cluster, topic=notices.topic)
        Budget(self, "Budget", dollars=stage.monthly_budget_dollars, topic=notices.topic)

    def _image(self, service: str) -> ecs.ContainerImage:
        folder = f"services/{service}"
        return image(self, f"{service.title()}Image", f"{folder}/Dockerfile", folder)


def _put_out(stack: Stack, outputs: Mapping[str, str]) -> None:
    for name, value in outputs.items():
        CfnOutput(stack, name, value=value)
