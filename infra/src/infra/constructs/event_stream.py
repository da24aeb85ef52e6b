"""The stream of interactions: whoever follows the shop's events reads them here."""

from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from infra import names
from infra.constructs.keeping import duration, removal
from infra.stages import Keeping


class EventStream(Construct):
    """The Kinesis stream `clickstream`; its partition key is the shopper's id."""

    def __init__(self, scope: Construct, construct_id: str, *, keeping: Keeping) -> None:
        super().__init__(scope, construct_id)
        grows = keeping.stream_shards is None
        mode = kinesis.StreamMode.ON_DEMAND if grows else kinesis.StreamMode.PROVISIONED
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_name=names.EVENT_STREAM,
            stream_mode=mode,
            shard_count=keeping.stream_shards,
            retention_period=duration(keeping.stream),
            encryption=kinesis.StreamEncryption.MANAGED,
            removal_policy=removal(keeping),
        )
