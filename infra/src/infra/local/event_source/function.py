"""The function that a shard feeds: a port, and the Lambda function behind it."""

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from infra.local.shards import AWS_ERRORS, Record

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient


class FunctionUnavailableError(Exception):
    """Raised when the function could not be asked: AWS away or throttling. Costs no retry."""


@dataclass(frozen=True)
class Answer:
    """What the function answered, or by which error it ended, and the end of its log."""

    payload: Any
    error: str | None = None
    log: str = ""


class Function(Protocol):
    """Whatever takes events: the Lambda function, or a script in a test."""

    def __call__(self, event: dict[str, Any]) -> Answer:
        """Invoke it and wait for its answer; raise FunctionUnavailableError if it did not run."""
        ...


class LambdaFunction:
    """A Lambda function, invoked synchronously."""

    def __init__(self, client: "LambdaClient", name: str) -> None:
        self._client = client
        self._name = name

    def __call__(self, event: dict[str, Any]) -> Answer:
        """Invoke the function with the event."""
        payload = json.dumps(event).encode()
        try:
            answer = self._client.invoke(FunctionName=self._name, Payload=payload, LogType="Tail")
            body = answer["Payload"].read()
        except AWS_ERRORS as error:
            raise FunctionUnavailableError(str(error)) from error
        log = b64decode(answer.get("LogResult", "")).decode(errors="replace")
        try:
            content = json.loads(body) if body else None
        except ValueError:
            return Answer(None, "InvalidJson", log)
        return Answer(content, answer.get("FunctionError"), log)


def first_failure(answer: Answer, records: Sequence[Record], *, reports_items: bool) -> int | None:
    """Return the index of the first record that failed, or None if none did.

    As AWS reads it: an answer that reports failures in a way that cannot be understood means that
    the whole batch has failed.
    """
    if answer.error is not None:
        return 0
    if not reports_items or answer.payload is None:
        return None
    if not isinstance(answer.payload, dict):
        return 0
    failures = answer.payload.get("batchItemFailures")
    if not failures:
        return None
    positions = {record.sequence_number: index for index, record in enumerate(records)}
    try:
        return min(positions[failure["itemIdentifier"]] for failure in failures)
    except (KeyError, TypeError):
        return 0
