"""Consumer 2 of the stream: every few minutes what came in is put into the landing zone."""

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.event_stream import EventStream
from infra.constructs.lake import Lake
from infra.definitions import DELIVERY

BYTES_PER_MEBIBYTE = 1024 * 1024


class DeliveryToLake(Construct):
    """The Firehose from the stream to the landing zone; infra.local.delivery does it here."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        events: EventStream,
        lake: Lake,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=removal
        )
        destination = firehose.S3Bucket(
            lake.landing,
            buffering_interval=Duration.seconds(DELIVERY.buffer_seconds),
            buffering_size=Size.mebibytes(DELIVERY.buffer_bytes // BYTES_PER_MEBIBYTE),
            compression=firehose.Compression.GZIP,
            data_output_prefix=DELIVERY.prefix,
            error_output_prefix=DELIVERY.error_prefix,
            logging_config=firehose.EnableLogging(log_group),
        )
        self.delivery = firehose.DeliveryStream(
            self,
            "Delivery",
            source=firehose.KinesisStreamSource(events.stream),
            destination=destination,
        )
