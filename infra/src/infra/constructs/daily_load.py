"""The daily load: the function for one day on demand, and the container of every night."""

from collections.abc import Mapping

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from fashion_contracts.landing import BAD_EVENTS_PREFIX, EVENTS_PREFIX
from infra import names
from infra.constructs.containers import Container, Task
from infra.constructs.functions import FunctionPlace, Program, ServiceFunction
from infra.constructs.jobs import Starter, Timing
from infra.constructs.keeping import duration
from infra.constructs.lake import Lake
from infra.definitions import SCHEDULE
from infra.stages import FunctionSizes, Keeping, TaskSize

HANDLER = "exporter.lambdas.daily_load.handler"


class DailyLoad(Construct):
    """What moves one business day from the database into the lake."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        lake: Lake,
        keeping: Keeping,
    ) -> None:
        super().__init__(scope, construct_id)
        self._lake = lake
        self._keeping = keeping
        self.environment = {
            "EXPORTER_LANDING_BUCKET": lake.landing.bucket_name,
            "EXPORTER_CLEAN_BUCKET": lake.clean.bucket_name,
            "EXPORTER_GLUE_DATABASE": names.GLUE_DATABASE,
            "EXPORTER_BUSINESS_TIMEZONE": SCHEDULE.timezone,
        }

    def run_on_demand(
        self,
        code: lambda_.Code,
        sizes: FunctionSizes,
        environment: Mapping[str, str],
        place: FunctionPlace | None = None,
    ) -> None:
        """Add the function that loads one day, told these besides the lake."""
        program = Program(
            code, HANDLER, duration(sizes.daily_load_timeout), sizes.daily_load, place
        )
        self.on_demand = ServiceFunction(
            self,
            "OnDemand",
            program,
            environment={**self.environment, **environment},
            keeping=self._keeping,
        )
        self.function = self.on_demand.function
        self._grant_lake(self.function)

    def run_at_night(self, container: Container, size: TaskSize, starter: Starter) -> None:
        """Let AWS start the exporter's container, as infra.local.schedule does here."""
        self.task = Task(self, "Exporter", container, size=size, keeping=self._keeping)
        role = self.task.definition.task_role
        self._grant_lake(role)
        # The night takes the erased out of what was delivered.
        self._lake.grant_write(self._lake.landing, role, f"{EVENTS_PREFIX}*")
        timing = Timing(
            description="Loads the business day that has just ended into the lake.",
            expression=SCHEDULE.expression,
            maximum_retry_attempts=SCHEDULE.maximum_retry_attempts,
            timezone=SCHEDULE.timezone,
        )
        starter.start("EveryNight", self.task, timing)

    def _grant_lake(self, grantee: iam.IGrantable) -> None:
        lake = self._lake
        lake.grant_read(lake.landing, grantee)
        lake.grant_write(lake.landing, grantee, f"{BAD_EVENTS_PREFIX}*")
        lake.grant_read(lake.clean, grantee)
        lake.grant_write(lake.clean, grantee, "*")
        here = f"arn:{Aws.PARTITION}:glue:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=[
                    "glue:CreateTable",
                    "glue:GetDatabase",
                    "glue:GetTable",
                    "glue:GetTables",
                    "glue:UpdateTable",
                ],
                resources=[
                    f"{here}:catalog",
                    f"{here}:database/{names.GLUE_DATABASE}",
                    f"{here}:table/{names.GLUE_DATABASE}/*",
                ],
            )
        )
