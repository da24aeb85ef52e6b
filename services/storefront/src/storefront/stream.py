"""The way to the interaction stream: what events and outbox put there, and how it answers."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from msgspec.json import encode

from fashion_contracts.events import Interaction
from fashion_kit.batcher import Refused
from fashion_kit.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

# What one PutRecords call takes.
MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024


class StreamUnavailableError(TransientError):
    """Raised when the stream did not answer, or refused a whole call."""

    def __init__(self) -> None:
        super().__init__("The interaction stream does not answer. Try again shortly.")


class StreamRecord(NamedTuple):
    """One record: whose it is, and its line."""

    partition_key: str
    data: bytes

    @classmethod
    def of(cls, interaction: Interaction) -> "StreamRecord":
        """Return the interaction as its shopper's record."""
        return cls(interaction.shopper_id, interaction.to_record())

    @property
    def weight(self) -> int:
        """Return how many bytes it counts for in a call."""
        return len(self.partition_key) + len(self.data)


class StreamPublisher:
    """Puts records on one Kinesis stream."""

    def __init__(self, client: "KinesisClient", stream: str) -> None:
        self._client = client
        self._stream = stream
        _write_calls_with_msgspec(client)

    def put(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        """Put the records in one call; return each one's sequence number, or its refusal."""
        try:
            answer = self._client.put_records(
                StreamName=self._stream,
                Records=[
                    {"PartitionKey": record.partition_key, "Data": record.data}
                    for record in records
                ],
            )
        except (BotoCoreError, ClientError) as error:
            raise StreamUnavailableError from error
        return [
            Refused(code) if (code := entry.get("ErrorCode")) else entry["SequenceNumber"]
            for entry in answer["Records"]
        ]

    def check(self) -> None:
        """Raise StreamUnavailableError unless the stream is there."""
        try:
            self._client.describe_stream_summary(StreamName=self._stream)
        except (BotoCoreError, ClientError) as error:
            raise StreamUnavailableError from error


def in_batches(records: Sequence[StreamRecord]) -> Iterator[list[StreamRecord]]:
    """Yield the records, in their order, in as few calls' worth as they fit into."""
    batch: list[StreamRecord] = []
    weight = 0
    for record in records:
        weight += record.weight
        if batch and (len(batch) == MAX_RECORDS or weight > MAX_BYTES):
            yield batch
            batch, weight = [], record.weight
        batch.append(record)
    if batch:
        yield batch


def _write_calls_with_msgspec(client: "KinesisClient") -> None:
    """Spare PutRecords botocore's own serialiser, which walks the model for every record.

    A call in JSON is its parameters, bytes in base 64, and that is what msgspec makes of them. The
    rest, from the address to the signature and the retries, stays botocore's.
    """
    events = client.meta.events
    # The stubs do not know that what this event's handlers return replaces the parameters.
    set_aside: Any = _set_records_aside
    events.register("provide-client-params.kinesis.PutRecords", set_aside)
    events.register("before-call.kinesis.PutRecords", _write_body)


def _set_records_aside(
    params: dict[str, Any], context: dict[str, Any], **_: object
) -> dict[str, Any]:
    context["put_records"] = params
    return params | {"Records": []}


def _write_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    params["body"] = encode(context["put_records"])
