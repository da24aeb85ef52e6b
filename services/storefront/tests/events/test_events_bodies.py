"""How a body may come: as JSON or text, plain or packed, with its token outside or inside."""

import gzip
import json
from hashlib import shake_128
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.storefront.tests.conftest import Shopper, StreamReader
from services.storefront.tests.events.conftest import VIEW

from fashion_kit.errors import ContentTooLargeError
from storefront.events.bodies import BrokenGzipError, unpack
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers

BODY = json.dumps({"events": [VIEW]}).encode()


def send(client: httpx.Client, body: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/events", content=body, headers=named)


def type_of(answer: httpx.Response) -> Any:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].removeprefix("urn:fashion-store:problem:")


class TestMediaTypes:
    @pytest.mark.parametrize(
        "media_type",
        [
            "application/json",
            "application/json; charset=UTF-8",
            "Application/JSON",
            "text/plain;charset=UTF-8",
            "",
        ],
    )
    def test_json_and_what_a_beacon_sends_are_read(
        self, client: httpx.Client, media_type: str
    ) -> None:
        assert send(client, BODY, content_type=media_type).status_code == 202

    def test_a_body_that_does_not_say_what_it_is_is_read(self, client: httpx.Client) -> None:
        assert send(client, BODY).status_code == 202

    @pytest.mark.parametrize(
        "media_type",
        ["application/xml", "application/x-www-form-urlencoded", "multipart/form-data"],
    )
    def test_anything_else_is_415(self, client: httpx.Client, media_type: str) -> None:
        answer = send(client, BODY, content_type=media_type)
        assert (answer.status_code, type_of(answer)) == (415, "unknown-media-type")
        assert answer.headers["accept"] == "application/json, text/plain"


class TestPackedBodies:
    def test_gzip_is_unpacked(self, client: httpx.Client, stream: StreamReader) -> None:
        answer = send(client, gzip.compress(BODY), content_encoding="gzip")
        assert answer.status_code == 202
        assert [event.event_id for event in stream.read()] == ["e-1"]

    def test_a_bomb_is_413_and_is_never_unpacked(
        self, client: httpx.Client, storefront_settings: StorefrontSettings
    ) -> None:
        bomb = gzip.compress(b" " * (64 * storefront_settings.event_body_limit_bytes))
        assert len(bomb) < storefront_settings.event_body_limit_bytes
        answer = send(client, bomb, content_encoding="gzip")
        assert (answer.status_code, type_of(answer)) == (413, "content-too-large")

    @pytest.mark.parametrize("body", [BODY, gzip.compress(BODY)[:-9], b"\x1f\x8b", b"\x00"])
    def test_broken_gzip_is_400(self, client: httpx.Client, body: bytes) -> None:
        answer = send(client, body, content_encoding="gzip")
        assert (answer.status_code, type_of(answer)) == (400, "broken-gzip")

    @pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
    def test_another_encoding_is_415(self, client: httpx.Client, encoding: str) -> None:
        answer = send(client, BODY, content_encoding=encoding)
        assert (answer.status_code, type_of(answer)) == (415, "unknown-encoding")
        assert answer.headers["accept-encoding"] == "gzip"


class TestUnpacking:
    @given(parts=st.lists(st.binary(max_size=200), min_size=1, max_size=3))
    def test_several_members_are_one_content(self, parts: list[bytes]) -> None:
        assert unpack(b"".join(map(gzip.compress, parts)), 1_000) == b"".join(parts)

    # It is read in pieces of 4 KB, which must end nowhere in particular.
    @given(lengths=st.lists(st.integers(0, 9_000), min_size=1, max_size=5))
    def test_members_of_any_length_are_one_content(self, lengths: list[int]) -> None:
        parts = [shake_128(b"%d" % length).digest(length) for length in lengths]
        assert unpack(b"".join(map(gzip.compress, parts)), 45_000) == b"".join(parts)

    def test_a_body_of_nothing_but_members_is_empty(self) -> None:
        assert unpack(gzip.compress(b"") * 50_000, 0) == b""

    @given(content=st.binary(max_size=100), limit=st.integers(0, 100))
    def test_the_limit_is_exact(self, content: bytes, limit: int) -> None:
        packed = gzip.compress(content)
        if len(content) <= limit:
            assert unpack(packed, limit) == content
        else:
            with pytest.raises(ContentTooLargeError):
                unpack(packed, limit)

    @given(content=st.binary(max_size=100), cut=st.integers(1, 17))
    def test_what_is_cut_off_is_broken(self, content: bytes, cut: int) -> None:
        with pytest.raises(BrokenGzipError):
            unpack(gzip.compress(content)[:-cut], 1_000)


class TestTokensWithin:
    def test_a_beacons_token_says_whose_the_events_are(
        self, shopper: Shopper, client: httpx.Client, stream: StreamReader
    ) -> None:
        token = shopper.client.headers["authorization"].removeprefix("Bearer ")
        body = json.dumps({"events": [VIEW], "access_token": token}).encode()
        assert send(client, body, content_type="text/plain").status_code == 202
        assert [event.user_id for event in stream.read()] == [shopper.id]

    def test_it_serves_events_in_other_words_too(
        self, shopper: Shopper, client: httpx.Client, stream: StreamReader
    ) -> None:
        token = shopper.client.headers["authorization"].removeprefix("Bearer ")
        workshop = {
            "event_type": "product_view",
            "timestamp": "2026-03-01T12:00:00",
            "product_id": 7,
        }
        for body in (
            workshop | {"access_token": token},
            {"events": [workshop], "access_token": token},
        ):
            assert client.post("/events", json=body).json()["accepted"] == 1
        assert [event.user_id for event in stream.read()] == [shopper.id] * 2

    def test_the_header_wins(self, shopper: Shopper, stream: StreamReader) -> None:
        body = {"events": [VIEW], "access_token": "not one"}
        assert shopper.client.post("/events", json=body).status_code == 202
        assert [event.user_id for event in stream.read()] == [shopper.id]

    @pytest.mark.parametrize("token", ["not one", "", 7, {}])
    def test_a_bad_one_is_401(self, client: httpx.Client, token: object) -> None:
        answer = client.post("/events", json={"events": [VIEW], "access_token": token})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
