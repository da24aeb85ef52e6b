"""The stream of interactions: whoever follows the shop's events reads them here."""

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from infra import names

RETENTION = Duration.days(7)
LOCAL_SHARDS = 2
# The emulator loses readers' positions when records expire, so there they never do.
LOCAL_RETENTION = Duration.days(365)


class EventStream(Construct):
    """The Kinesis stream `clickstream`; its partition key is the shopper's id."""

    def __init__(self, scope: Construct, construct_id: str, *, local: bool) -> None:
        super().__init__(scope, construct_id)
        mode = kinesis.StreamMode.PROVISIONED if local else kinesis.StreamMode.ON_DEMAND
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_name=names.EVENT_STREAM,
            stream_mode=mode,
            shard_count=LOCAL_SHARDS if local else None,
            retention_period=LOCAL_RETENTION if local else RETENTION,
            encryption=kinesis.StreamEncryption.MANAGED,
        )
