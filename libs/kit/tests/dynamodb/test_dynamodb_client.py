"""Calls find their answer through a server's worst habits, or end in one kind of error."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.credentials import Credentials

from fashion_kit.dynamodb.client import DynamoDB, DynamoDBError, Limits

LIMITS = Limits(connections=4, attempts=3, read_timeout_seconds=5, first_pause_seconds=0)
THROTTLED = {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"}
REFUSED = {"__type": "x#ConditionalCheckFailedException", "message": "The condition failed"}
ClientMaker = Callable[..., DynamoDB]


class TestAnswers:
    async def test_an_answer_comes_back_as_it_was_sent(self, server: Any, client: DynamoDB) -> None:
        server.script = [{"Item": {"n": {"N": "1"}}}]

        assert await client.call("GetItem", {"TableName": "t"}) == {"Item": {"n": {"N": "1"}}}
        assert server.bodies == [{"TableName": "t"}]
        assert server.heads[0]["x-amz-target"] == "DynamoDB_20120810.GetItem"
        assert server.heads[0]["x-amz-security-token"] == "session-token"

    async def test_an_answer_in_chunks_is_put_together(self, server: Any, client: DynamoDB) -> None:
        server.script = ["chunks", "chunks"]

        assert await client.call("GetItem", {}) == {"Item": "it"}
        assert await client.call("GetItem", {}) == {"Item": "it"}
        assert server.connections == 1

    async def test_a_large_answer_arrives_whole(self, server: Any, client: DynamoDB) -> None:
        large = {"Item": {"text": {"S": "é" * 400_000}}}
        server.script = [large]

        assert await client.call("GetItem", {}) == large

    async def test_aws_words_are_kept(self, server: Any, client: DynamoDB) -> None:
        server.script = [REFUSED]

        with pytest.raises(DynamoDBError, match="The condition failed") as raised:
            await client.call("PutItem", {})

        assert raised.value.code == "ConditionalCheckFailedException"
        assert len(server.bodies) == 1

    async def test_credentials_of_the_moment_are_used(
        self, server: Any, make_client: ClientMaker
    ) -> None:
        credentials = Credentials("key", "secret", "old")
        client = make_client(credentials=credentials)
        await client.call("GetItem", {})
        credentials.token = "new"
        await client.call("GetItem", {})

        assert [head["x-amz-security-token"] for head in server.heads] == ["old", "new"]


class TestAttempts:
    @pytest.mark.parametrize(
        "fault",
        ["drop", "cut", 500, 503, THROTTLED, b"nonsense\r\n\r\n", b"HTTP/1.1 200 X\r\n\r\n"],
    )
    async def test_what_passes_by_itself_is_tried_again(
        self, server: Any, client: DynamoDB, fault: Any
    ) -> None:
        server.script = [fault, fault, {"ok": 1}]

        assert await client.call("PutItem", {"n": 1}) == {"ok": 1}
        assert server.bodies == [{"n": 1}] * 3

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("drop", "ConnectionLostError"),
            (500, "InternalServerError"),
            (THROTTLED, "ThrottlingException"),
            (b"HTTP/1.1 502 X\r\nContent-Length: 5\r\n\r\nsorry", "502"),
        ],
    )
    async def test_what_does_not_pass_is_told_by_its_name(
        self, server: Any, client: DynamoDB, fault: Any, code: str
    ) -> None:
        server.script = [fault] * 9

        with pytest.raises(DynamoDBError) as raised:
            await client.call("PutItem", {})

        assert raised.value.code == code
        assert len(server.bodies) == LIMITS.attempts

    async def test_a_server_that_does_not_answer_is_left(
        self, server: Any, make_client: ClientMaker
    ) -> None:
        client = make_client(replace(LIMITS, read_timeout_seconds=0.02))
        server.script = ["hang", {"ok": 1}]

        assert await client.call("GetItem", {}) == {"ok": 1}
        assert server.connections == 2

    async def test_nobody_at_the_port_is_an_error(
        self, server: Any, make_client: ClientMaker
    ) -> None:
        client = make_client()
        await server.stop()

        with pytest.raises(DynamoDBError) as raised:
            await client.call("GetItem", {})

        assert raised.value.code == "ConnectionRefusedError"


class TestConnections:
    async def test_one_connection_serves_one_call_after_another(
        self, server: Any, client: DynamoDB
    ) -> None:
        for _ in range(5):
            await client.call("GetItem", {})

        assert server.connections == 1

    async def test_there_are_never_more_than_allowed(self, server: Any, client: DynamoDB) -> None:
        server.gate.clear()
        calls = [asyncio.create_task(client.call("GetItem", {"n": n})) for n in range(20)]
        while server.most_at_once < LIMITS.connections:
            await asyncio.sleep(0)
        server.gate.set()
        await asyncio.gather(*calls)

        assert server.connections == server.most_at_once == LIMITS.connections
        assert sorted(body["n"] for body in server.bodies) == list(range(20))

    async def test_one_that_was_closed_while_idle_costs_no_attempt(
        self, server: Any, make_client: ClientMaker
    ) -> None:
        client = make_client(replace(LIMITS, attempts=1))
        await client.call("GetItem", {})
        await server.drop_idle()

        assert await client.call("GetItem", {}) == {}

    async def test_one_that_is_closed_as_the_request_goes_out_costs_no_attempt(
        self, server: Any, make_client: ClientMaker
    ) -> None:
        client = make_client(replace(LIMITS, attempts=1))
        server.script = [{}, "drop", {"ok": 1}]
        await client.call("GetItem", {})

        assert await client.call("GetItem", {}) == {"ok": 1}

    async def test_one_that_the_server_will_close_is_not_used_again(
        self, server: Any, client: DynamoDB
    ) -> None:
        server.script = ["close", {"ok": 1}]
        await client.call("GetItem", {})

        assert await client.call("GetItem", {}) == {"ok": 1}
        assert server.connections == 2

    async def test_the_answer_to_a_cancelled_call_is_nobody_elses(
        self, server: Any, make_client: ClientMaker
    ) -> None:
        client = make_client(replace(LIMITS, connections=1))
        server.script = [{"for": "first"}, {"for": "second"}]
        server.gate.clear()
        first = asyncio.create_task(client.call("GetItem", {}))
        while not server.bodies:
            await asyncio.sleep(0)
        first.cancel()
        second = asyncio.create_task(client.call("GetItem", {}))
        while len(server.bodies) < 2:
            await asyncio.sleep(0)
        server.gate.set()

        assert await second == {"for": "second"}
        assert first.cancelled()

    async def test_a_server_without_a_trusted_certificate_is_not_spoken_to(self) -> None:
        client = DynamoDB(
            "https://127.0.0.1:1", "eu-central-1", Credentials("k", "s"), limits=LIMITS
        )

        context = client._pool._address.tls
        assert context is not None
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
