"""Whatever a client sends, it is told what is wrong with it: never a 500, always a problem."""

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from services.storefront.tests.conftest import PASSWORD, Shopper

from fashion_kit.problems import MEDIA_TYPE

pytestmark = pytest.mark.servers

ODD_TEXTS = [b"%00", b"%ff%fe", b"%ed%a0%80", b"%", b"%zz", b"%E2%80%AE", b"%0d%0a", b"9" * 5_000]
USER: dict[str, Any] = {
    "username": "asha.rao",
    "first_name": "Asha",
    "last_name": "Rao",
    "email": "asha@example.in",
    "password": PASSWORD,
}

Raw = Callable[[bytes], bytes]


@pytest.fixture
def raw(client: httpx.Client) -> Raw:
    """Return a way to send bytes as they are, and to read all that is answered."""
    address = urlsplit(str(client.base_url))

    def send(request: bytes) -> bytes:
        with socket.create_connection((str(address.hostname), address.port or 80), 10) as wire:
            wire.sendall(request)
            return b"".join(iter(lambda: wire.recv(65_536), b""))

    return send


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


class TestRequestLine:
    @pytest.mark.parametrize("text", ODD_TEXTS)
    @pytest.mark.parametrize(
        "path",
        [b"/%s", b"/products/%s", b"/products?cursor=%s", b"/products?gender=%s", b"/cart?%s=1"],
    )
    def test_an_odd_path_or_query_is_no_crash(self, raw: Raw, path: bytes, text: bytes) -> None:
        answer = raw(b"GET " + path % text + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status(answer) < 500

    @pytest.mark.parametrize(
        "host", [b"", b"[", b"a b", b"\xff", b"x:99999999", b"x\x00", b"a,b", b"@", b"x/../y"]
    )
    @pytest.mark.parametrize("path", [b"/products", b"/products/", b"/users/", b"/docs"])
    def test_an_odd_host_is_no_crash(self, raw: Raw, path: bytes, host: bytes) -> None:
        answer = raw(
            b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
        )
        assert status(answer) < 500


class TestHeaders:
    @pytest.mark.parametrize("name", ["If-Match", "Idempotency-Key", "Origin", "Content-Type"])
    @pytest.mark.parametrize("value", [b"\xff", b'"', b"", b"a/b;charset=x;;=", b"W/"])
    def test_an_odd_header_is_no_crash(self, shopper: Shopper, name: str, value: bytes) -> None:
        headers: Any = {name: value}
        for method, path in (("PATCH", "/users/me"), ("POST", "/purchases"), ("POST", "/token")):
            answer = shopper.client.request(method, path, content=b"{}", headers=headers)
            assert 400 <= answer.status_code < 500 or answer.status_code == 200


class TestBody:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\x00",
            b"\xff\xfe",
            b"{",
            b"[" * 100_000,
            b'{"a":' * 50_000,
            b'{"username": ' + b"9" * 10_000 + b"}",
            b"NaN",
            b"null",
            b'"\\ud800"',
            b'{"username": "\xff"}',
        ],
        ids=lambda body: repr(body[:16]),
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/users"),
            ("PATCH", "/users/me"),
            ("POST", "/purchases"),
            ("PUT", "/cart/lines/1"),
        ],
    )
    def test_an_unreadable_body_is_a_problem(
        self, shopper: Shopper, method: str, path: str, body: bytes
    ) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
        answer = shopper.client.request(method, path, content=body, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == MEDIA_TYPE

    @pytest.mark.parametrize(
        "text", ["\x00", "\ud800", "a\x00b", "\ufffe", "\x85", "a\nb"], ids=ascii
    )
    @pytest.mark.parametrize("field", [*USER, "phone", "address"])
    def test_a_text_that_is_none_is_refused_or_kept(
        self, client: httpx.Client, field: str, text: str
    ) -> None:
        body = json.dumps(USER | {field: f"abc{text}def@example.in"}).encode()
        headers = {"Content-Type": "application/json"}
        answer = client.post("/users", content=body, headers=headers)
        assert answer.status_code in (201, 422)
        assert answer.status_code == 422 or text not in ("\x00", "\ud800") or field == "password"

    @pytest.mark.parametrize("text", ODD_TEXTS)
    def test_an_odd_form_is_refused(self, client: httpx.Client, text: bytes) -> None:
        form = b"grant_type=password&username=%s&password=%s&anonymous_token=%s" % (
            text,
            text,
            text,
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.post("/token", content=form, headers=headers)
        assert answer.status_code in (400, 401, 422)
        for path in ("/token", "/token/revoke"):
            form = b"grant_type=refresh_token&token=%s&refresh_token=%s" % (text, text)
            answer = client.post(path, content=form, headers=headers)
            assert answer.status_code in (200, 400, 422)

    @pytest.mark.parametrize("charset", ["utf-16", "unicode_escape", "rot13", "no-such", "idna"])
    def test_an_odd_charset_of_a_form_is_refused(self, client: httpx.Client, charset: str) -> None:
        disposition = b'Content-Disposition: form-data; name="username"'
        part = b"--x\r\n" + disposition + b"\r\n\r\n\\ud800\xff\r\n--x--\r\n"
        for more in (f"; charset={charset}", ""):
            kind = f"multipart/form-data; boundary=x{more}"
            answer = client.post("/token", content=part, headers={"Content-Type": kind})
            assert answer.status_code in (400, 401, 422)
