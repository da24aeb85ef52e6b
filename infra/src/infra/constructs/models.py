"""What renews the model behind the picks: the hourly build, and the refresh every few minutes."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.constructs.jobs import Container, Job, JobProgram, Starter, Timing
from infra.constructs.lake import Lake
from infra.constructs.picks import Picks
from infra.definitions import BUILD, REFRESH, RecurringJob

SECRET_FIELDS = {"RECOMMENDER_DATABASE_URL": "database_url"}
# The build holds months of events; the refresh holds hours of them.
BUILD_CPU = 2048
BUILD_MEMORY_MEBIBYTES = 8192
REFRESH_CPU = 512
REFRESH_MEMORY_MEBIBYTES = 2048


class ModelJobs(Construct):
    """The recommender's jobs. They read events and products, and never a shopper."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        picks: Picks,
        lake: Lake,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._picks = picks
        self._lake = lake
        self._removal = removal

    def run_by_schedule(self, container: Container, starter: Starter) -> None:
        """Let AWS start both, as infra.local.schedule does here."""
        build = JobProgram(container, BUILD_CPU, BUILD_MEMORY_MEBIBYTES, BUILD.command)
        self._run("Build", BUILD, build, starter)
        refresh = JobProgram(container, REFRESH_CPU, REFRESH_MEMORY_MEBIBYTES, REFRESH.command)
        self._run("Refresh", REFRESH, refresh, starter)

    def _run(
        self, construct_id: str, defined: RecurringJob, program: JobProgram, starter: Starter
    ) -> None:
        environment = {
            "RECOMMENDER_SHOPPERS_TABLE": self._picks.shoppers.table_name,
            "RECOMMENDER_TRENDS_TABLE": self._picks.trends.table_name,
            "RECOMMENDER_MODELS_TABLE": self._picks.models.table_name,
            "RECOMMENDER_MODEL_BUCKET": self._lake.models.bucket_name,
            "RECOMMENDER_LANDING_BUCKET": self._lake.landing.bucket_name,
        }
        job = Job(self, construct_id, program, environment=environment, removal=self._removal)
        self._grant(job.task.task_role)
        timing = Timing(
            description=defined.description,
            expression=defined.expression,
            maximum_retry_attempts=defined.maximum_retry_attempts,
            maximum_age=defined.every,
        )
        starter.start(construct_id, job, timing)

    def _grant(self, role: iam.IRole) -> None:
        lake, picks = self._lake, self._picks
        lake.grant_read(lake.landing, role)
        lake.grant_read(lake.models, role, *names.MODEL_KEYS)
        lake.grant_write(lake.models, role, *names.MODEL_KEYS)
        # It lists the models to roll back to, and forgets the oldest.
        picks.models.grant(
            role, "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"
        )
        picks.trends.grant(role, "dynamodb:BatchWriteItem", "dynamodb:PutItem")
