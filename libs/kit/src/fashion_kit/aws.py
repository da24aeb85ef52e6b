"""AWS clients, made in one way: one session, pooled and kept-alive connections, bounded waits."""

from functools import cache
from http import HTTPStatus
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
USER_AGENT = "fashion-store"


class CutAnswerError(BotoCoreError):
    """Raised when a connection broke off in an answer and botocore took what came for all."""

    fmt = "The answer to {operation} is not whole."


@cache
def _session() -> boto3.session.Session:
    return boto3.session.Session()


def credentials() -> Credentials | None:
    """Return whose requests these are, found as every client finds it; None if nobody is told."""
    return _session().get_credentials()


def client(
    service: Any,
    *,
    pool_size: int = 10,
    attempts: int = 3,
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
) -> Any:
    """Return a boto3 client of the service; the caller annotates its type from mypy_boto3.

    Retries are botocore's `standard` ones, `attempts` in all. Our own models check what we send,
    so botocore's second check is off: it costs a quarter of a full PutRecords call.
    An answer of which a part is missing raises CutAnswerError, a BotoCoreError.
    """
    made = _session().client(
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=read_timeout_seconds,
            max_pool_connections=pool_size,
            retries={"mode": "standard", "total_max_attempts": attempts},
            parameter_validation=False,
            tcp_keepalive=True,
            # Else botocore puts the machine's description together anew, twice for each call.
            user_agent=USER_AGENT,
        ),
    )
    made.meta.events.register("after-call", _refuse_cut_answer)
    return made


def _refuse_cut_answer(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Raise CutAnswerError where botocore found less in the answer than the service has to say.

    JSON that breaks off is read as if it said nothing.
    """
    shape = model.output_shape
    is_answer = http_response.status_code < HTTPStatus.MULTIPLE_CHOICES
    if shape is None or not is_answer or model.has_streaming_output:
        return
    lacks_something = any(name not in parsed for name in shape.required_members)
    says_nothing = bool(shape.members) and parsed.keys() <= {"ResponseMetadata"}
    if lacks_something or (says_nothing and _is_some_json(http_response.content)):
        raise CutAnswerError(operation=model.name)


def _is_some_json(content: bytes) -> bool:
    return content.startswith(b"{") and content != b"{}"
