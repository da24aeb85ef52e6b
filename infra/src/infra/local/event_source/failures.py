"""Where the record of a batch goes that was given up: a port, and the SQS queue behind it."""

import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class FailureDestination(Protocol):
    """Whatever keeps failure records."""

    def send(self, failure: Any) -> None:
        """Keep the record; when this returns, it is safe."""
        ...


class FailureQueue:
    """The SQS queue of failure records."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, failure: Any) -> None:
        """Send the record and wait for the queue's acknowledgement."""
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(failure))
