"""What renews the model behind the picks: the hourly build, and the refresh every few minutes."""

from dataclasses import replace

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.constructs.containers import Container, Task
from infra.constructs.jobs import Starter, Timing
from infra.constructs.lake import Lake
from infra.constructs.picks import Picks
from infra.definitions import BUILD, REFRESH, RecurringJob
from infra.stages import Keeping, TaskSize, TaskSizes


class ModelJobs(Construct):
    """The recommender's jobs. They read events and products, and never a shopper."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        picks: Picks,
        lake: Lake,
        keeping: Keeping,
    ) -> None:
        super().__init__(scope, construct_id)
        self._picks = picks
        self._lake = lake
        self._keeping = keeping

    def run_by_schedule(self, container: Container, sizes: TaskSizes, starter: Starter) -> None:
        """Let AWS start both, as infra.local.schedule does here."""
        self.build = self._run("Build", BUILD, container, sizes.build)
        self.refresh = self._run("Refresh", REFRESH, container, sizes.refresh)
        for job, defined in ((self.build, BUILD), (self.refresh, REFRESH)):
            timing = Timing(
                description=defined.description,
                expression=defined.expression,
                maximum_retry_attempts=defined.maximum_retry_attempts,
                maximum_age=defined.every,
            )
            starter.start(job.name, job, timing)

    def _run(
        self, construct_id: str, defined: RecurringJob, container: Container, size: TaskSize
    ) -> Task:
        environment = {
            **store_environment(self._picks, self._lake),
            "RECOMMENDER_LANDING_BUCKET": self._lake.landing.bucket_name,
        }
        told = replace(container, environment=environment, command=defined.command)
        task = Task(self, construct_id, told, size=size, keeping=self._keeping)
        self._grant(task.definition.task_role)
        return task

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


def store_environment(picks: Picks, lake: Lake) -> dict[str, str]:
    """Return where the recommender keeps its things, as all of its programs are told."""
    return {
        "RECOMMENDER_SHOPPERS_TABLE": picks.shoppers.table_name,
        "RECOMMENDER_TRENDS_TABLE": picks.trends.table_name,
        "RECOMMENDER_MODELS_TABLE": picks.models.table_name,
        "RECOMMENDER_MODEL_BUCKET": lake.models.bucket_name,
    }
