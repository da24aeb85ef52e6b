"""Consumer 2 of the stream: every few minutes what came in is put into the landing zone."""

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk.aws_logs import ILogGroup
from constructs import Construct

from infra.constructs.event_stream import EventStream
from infra.constructs.keeping import log_group
from infra.constructs.lake import Lake
from infra.definitions import DELIVERY
from infra.stages import Keeping

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
        keeping: Keeping,
    ) -> None:
        super().__init__(scope, construct_id)
        logs = log_group(self, keeping)
        role = self._build_role(lake, logs)
        destination = firehose.S3Bucket(
            lake.landing,
            # CDK would let it read and delete objects.
            role=role.without_policy_updates(),
            buffering_interval=Duration.seconds(DELIVERY.buffer_seconds),
            buffering_size=Size.mebibytes(DELIVERY.buffer_bytes // BYTES_PER_MEBIBYTE),
            compression=firehose.Compression.GZIP,
            data_output_prefix=DELIVERY.prefix,
            error_output_prefix=DELIVERY.error_prefix,
            logging_config=firehose.EnableLogging(logs),
        )
        self.delivery = firehose.DeliveryStream(
            self,
            "Delivery",
            source=firehose.KinesisStreamSource(events.stream),
            destination=destination,
        )
        # Firehose looks at once whether it may write.
        self.delivery.node.add_dependency(role.node.find_child("DefaultPolicy"))

    def _build_role(self, lake: Lake, logs: ILogGroup) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        bucket = lake.landing
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "s3:GetBucketLocation",
                    "s3:ListBucket",
                    "s3:ListBucketMultipartUploads",
                ],
                resources=[bucket.bucket_arn],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:AbortMultipartUpload", "s3:PutObject"],
                resources=[bucket.arn_for_objects("*")],
            )
        )
        logs.grant(role, "logs:PutLogEvents")
        return role
