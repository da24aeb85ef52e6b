"""Where models lie: their files in S3, and in DynamoDB the pointer to the one in use.

name       S  key: `current`
version    S  the model in use
key        S  its file in the bucket
set_at     S  when it was put in use
"""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Pointer:
    """Which model is in use."""

    version: str
    key: str


class ModelRepository:
    """Reads and writes models and the pointer."""

    def __init__(
        self, dynamodb: "DynamoDBClient", s3: "S3Client", *, table: str, bucket: str
    ) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._table = table
        self._bucket = bucket

    def pointer(self) -> Pointer | None:
        """Return which model is in use, or None if none is yet."""
        with aws_errors("read which model is in use"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={MODELS_KEY: {"S": CURRENT}}, ConsistentRead=True
            )
        item = answer.get("Item")
        return Pointer(item["version"]["S"], item["key"]["S"]) if item else None

    def newer_than(self, known: Model | None) -> Model | None:
        """Return the model in use: the known one if it still is, else the one in S3."""
        pointer = self.pointer()
        if pointer is None or (known is not None and pointer.version == known.version):
            return known
        return self.load(pointer)

    def load(self, pointer: Pointer) -> Model:
        """Return the model from its file."""
        with aws_errors("read the model"):
            answer = self._s3.get_object(Bucket=self._bucket, Key=pointer.key)
            content = answer["Body"].read()
        return Model.from_bytes(content)

    def save(self, version: str, content: bytes) -> Pointer:
        """Keep the model's file; nobody uses it before `put_in_use`."""
        key = f"models/{version}/model.bin"
        with aws_errors("save the model"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)
        return Pointer(version, key)

    def put_in_use(self, pointer: Pointer, *, instead_of: Pointer | None, at: datetime) -> None:
        """Flip the pointer; raise ModelPointerMovedError if it is not where it was."""
        item = {
            MODELS_KEY: {"S": CURRENT},
            "version": {"S": pointer.version},
            "key": {"S": pointer.key},
            "set_at": {"S": at.isoformat()},
        }
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
