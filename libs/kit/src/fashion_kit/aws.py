"""AWS clients, made in one way: one session, pooled and kept-alive connections, bounded waits."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
USER_AGENT = "fashion-store"


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
    """
    return _session().client(
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
