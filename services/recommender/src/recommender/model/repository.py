"""Where models lie: their files in S3, and in DynamoDB the pointers to those in use.

name       S  key: `current`, the model in use; `delta`, what was learnt since;
              `model#VERSION`, every model that can be rolled back to
version    S  the model pointed at
key        S  its file in the bucket
set_at     S  when it was put there
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fashion_contracts.picks import MODELS_KEY
from recommender.errors import ModelPointerMovedError
from recommender.model.artefact import Model
from recommender.stores import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

CURRENT: Final = "current"
DELTA: Final = "delta"
_KEPT: Final = "model#"


@dataclass(frozen=True)
class Pointer:
    """Which model is in use."""

    version: str
    key: str
    set_at: str = ""


class ModelRepository:
    """Reads and writes models and the pointer."""

    def __init__(
        self, dynamodb: "DynamoDBClient", s3: "S3Client", *, table: str, bucket: str
    ) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._table = table
        self._bucket = bucket

    def pointer(self, name: str = CURRENT) -> Pointer | None:
        """Return which model is in use, or None if none is yet."""
        with aws_errors("read which model is in use"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={MODELS_KEY: {"S": name}}, ConsistentRead=True
            )
        item: Any = answer.get("Item")
        return _pointer_of(item) if item else None

    def newer_than(self, known: Model | None, name: str = CURRENT) -> Model | None:
        """Return the model in use: the known one if it still is, else the one in S3."""
        pointer = self.pointer(name)
        if pointer is None or (known is not None and pointer.version == known.version):
            return known
        return self.load(pointer)

    def kept(self) -> list[Pointer]:
        """Return every model that can be rolled back to, the latest first."""
        with aws_errors("list the models"):
            pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table)
            items: list[Any] = [item for page in pages for item in page["Items"]]
        kept = [_pointer_of(item) for item in items if item[MODELS_KEY]["S"].startswith(_KEPT)]
        return sorted(kept, key=lambda pointer: pointer.version, reverse=True)

    def load(self, pointer: Pointer) -> Model:
        """Return the model from its file."""
        with aws_errors("read the model"):
            answer = self._s3.get_object(Bucket=self._bucket, Key=pointer.key)
            content = answer["Body"].read()
        return Model.from_bytes(content)

    def save(self, version: str, content: bytes, *, at: datetime) -> Pointer:
        """Keep the model's file; nobody uses it before `put_in_use`."""
        pointer = self._put_file("models", version, content, at)
        self._point(_KEPT + version, pointer)
        return pointer

    def save_delta(self, version: str, content: bytes, *, at: datetime) -> Pointer:
        """Put the delta in use; the one before is of no use to anybody."""
        pointer = self._put_file("deltas", version, content, at)
        self._point(DELTA, pointer)
        return pointer

    def forget(self, pointer: Pointer) -> None:
        """Delete a model that nobody will go back to."""
        with aws_errors("delete a model"):
            self._dynamodb.delete_item(
                TableName=self._table, Key={MODELS_KEY: {"S": _KEPT + pointer.version}}
            )
            self._s3.delete_object(Bucket=self._bucket, Key=pointer.key)

    def put_in_use(self, pointer: Pointer, *, instead_of: Pointer | None, at: datetime) -> None:
        """Flip the pointer; raise ModelPointerMovedError if it is not where it was."""
        item = _item_of(CURRENT, replace(pointer, set_at=at.isoformat()))
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
        if instead_of is not None:
            condition = {
                "ConditionExpression": "version = :old",
                "ExpressionAttributeValues": {":old": {"S": instead_of.version}},
            }
        with aws_errors("put the model in use"):
            try:
                self._dynamodb.put_item(TableName=self._table, Item=item, **condition)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                version = instead_of.version if instead_of else None
                raise ModelPointerMovedError(version) from error

    def _put_file(self, folder: str, version: str, content: bytes, at: datetime) -> Pointer:
        key = f"{folder}/{version}/model.bin"
        with aws_errors("save the model"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)
        return Pointer(version, key, at.isoformat())

    def _point(self, name: str, pointer: Pointer) -> None:
        with aws_errors("save where the model is"):
            self._dynamodb.put_item(TableName=self._table, Item=_item_of(name, pointer))


def _item_of(name: str, pointer: Pointer) -> Any:
    return {
        MODELS_KEY: {"S": name},
        "version": {"S": pointer.version},
        "key": {"S": pointer.key},
        "set_at": {"S": pointer.set_at},
    }


def _pointer_of(item: Any) -> Pointer:
    return Pointer(item["version"]["S"], item["key"]["S"], item["set_at"]["S"])
