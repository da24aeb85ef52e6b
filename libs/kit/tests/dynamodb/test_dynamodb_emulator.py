"""The client against the AWS endpoint of the house, which boto3 finds, too."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fashion_kit.aws import client
from fashion_kit.dynamodb.client import DynamoDB, DynamoDBError, Limits, make_dynamodb
from infra.local.aws_endpoint import AwsEndpoint

pytestmark = pytest.mark.servers
TABLE = "client-test"


@pytest.fixture(scope="module")
def table(aws: AwsEndpoint) -> Any:
    """Return boto3's client beside a table with the key `id`; the table is gone after the tests."""
    boto = client("dynamodb")
    boto.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield boto
    boto.delete_table(TableName=TABLE)


@pytest.fixture
async def ours(table: Any) -> AsyncIterator[DynamoDB]:
    made = make_dynamodb(Limits(connections=4))
    yield made
    await made.close()


async def test_what_we_write_boto3_reads(table: Any, ours: DynamoDB) -> None:
    item = {"id": {"S": "ä"}, "data": {"B": b64encode(b"\x00\xff").decode()}, "n": {"N": "7"}}
    await ours.call("PutItem", {"TableName": TABLE, "Item": item})

    found = table.get_item(TableName=TABLE, Key={"id": {"S": "ä"}})["Item"]
    assert found == item | {"data": {"B": b"\x00\xff"}}
    answer = await ours.call("GetItem", {"TableName": TABLE, "Key": {"id": {"S": "ä"}}})
    assert answer["Item"] == item


async def test_a_condition_that_fails_has_its_name(ours: DynamoDB) -> None:
    put = {
        "TableName": TABLE,
        "Item": {"id": {"S": "once"}},
        "ConditionExpression": "attribute_not_exists(id)",
    }
    await ours.call("PutItem", put)

    with pytest.raises(DynamoDBError) as raised:
        await ours.call("PutItem", put)

    assert raised.value.code == "ConditionalCheckFailedException"


async def test_many_calls_at_once_get_their_own_answers(ours: DynamoDB) -> None:
    ids = [f"many-{number}" for number in range(40)]
    await asyncio.gather(
        *(ours.call("PutItem", {"TableName": TABLE, "Item": {"id": {"S": i}}}) for i in ids)
    )

    found = await asyncio.gather(
        *(ours.call("GetItem", {"TableName": TABLE, "Key": {"id": {"S": i}}}) for i in ids)
    )

    assert [answer["Item"]["id"]["S"] for answer in found] == ids
