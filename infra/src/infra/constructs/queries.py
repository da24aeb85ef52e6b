"""The manager's ten questions in Athena, word for word as `exporter query` asks them."""

from zoneinfo import ZoneInfo

from aws_cdk import aws_athena as athena
from constructs import Construct

from exporter.queries import QUESTIONS, Question
from infra import names
from infra.constructs.keeping import duration
from infra.constructs.lake import Lake
from infra.definitions import SCHEDULE
from infra.stages import Stage


class Queries(Construct):
    """A workgroup whose answers are encrypted and expire, and its named queries."""

    def __init__(self, scope: Construct, construct_id: str, *, lake: Lake, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        expiry = duration(stage.keeping.answers)
        lake.clean.add_lifecycle_rule(
            prefix=names.ANSWERS_PREFIX,
            expiration=expiry,
            noncurrent_version_expiration=expiry,
        )
        self.workgroup = self._build_workgroup(lake, stage)
        for question in QUESTIONS:
            self._build_question(question)

    def _build_workgroup(self, lake: Lake, stage: Stage) -> athena.CfnWorkGroup:
        return athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=names.WORKGROUP,
            description="Questions to the lake.",
            recursive_delete_option=not stage.keeping.outlives_stack,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                bytes_scanned_cutoff_per_query=stage.most_bytes_scanned,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=lake.clean.s3_url_for_object(names.ANSWERS_PREFIX),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_S3"
                    ),
                ),
            ),
        )

    def _build_question(self, question: Question) -> None:
        named = athena.CfnNamedQuery(
            self,
            question.name,
            name=question.name,
            description=question.title,
            database=names.GLUE_DATABASE,
            work_group=names.WORKGROUP,
            query_string=question.for_athena(ZoneInfo(SCHEDULE.timezone)),
        )
        named.add_resource_dependency(self.workgroup)
