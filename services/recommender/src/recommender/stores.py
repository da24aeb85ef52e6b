"""Errors of the SDKs, told in our own words; only repositories use this."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from fashion_kit.dynamodb.client import DynamoDBError
from recommender.errors import StoreUnavailableError


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """Turn every failure of AWS inside the block into StoreUnavailableError."""
    try:
        yield
    except DynamoDBError as error:
        raise StoreUnavailableError(what, error.code) from error
    except ClientError as error:
        raise StoreUnavailableError(what, error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise StoreUnavailableError(what, type(error).__name__) from error
