"""Consumer 1 of the stream: each interaction becomes fresh picks."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import names
from infra.constructs.event_stream import EventStream
from infra.constructs.functions import Program, ServiceFunction, SizedCode
from infra.constructs.keeping import duration
from infra.constructs.lake import Lake
from infra.constructs.models import store_environment
from infra.constructs.picks import Picks
from infra.definitions import EVENT_SOURCE, EventSource
from infra.stages import Keeping

HANDLER = "recommender.lambdas.on_interactions.handler"


class Interactions(Construct):
    """The function that folds interactions into shoppers, and the queue of what it could not."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: SizedCode,
        picks: Picks,
        lake: Lake,
        keeping: Keeping,
    ) -> None:
        super().__init__(scope, construct_id)
        program = Program(
            code.code,
            HANDLER,
            Duration.seconds(EVENT_SOURCE.function_timeout_seconds),
            code.memory_mebibytes,
        )
        environment = store_environment(picks, lake)
        self.function = ServiceFunction(
            self, "OnInteractions", program, environment=environment, keeping=keeping
        ).function
        picks.shoppers.grant(
            self.function, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"
        )
        picks.trends.grant(self.function, "dynamodb:GetItem")
        picks.models.grant(self.function, "dynamodb:GetItem")
        lake.grant_read(lake.models, self.function, *names.MODEL_KEYS)
        self.failures = sqs.Queue(
            self,
            "Failures",
            retention_period=duration(keeping.failures),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )

    def follow(self, events: EventStream, source: EventSource = EVENT_SOURCE) -> None:
        """Let AWS feed the stream to the function, as infra.local.event_source does here."""
        self.function.add_event_source(
            sources.KinesisEventSource(
                events.stream,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=source.batch_size,
                max_batching_window=Duration.seconds(source.batching_window_seconds),
                parallelization_factor=source.parallelization_factor,
                retry_attempts=source.maximum_retry_attempts,
                max_record_age=Duration.seconds(source.maximum_record_age_seconds),
                bisect_batch_on_error=source.bisect_on_error,
                report_batch_item_failures=source.reports_batch_item_failures,
                on_failure=sources.SqsDlq(self.failures),
            )
        )
