"""What one client may take of a running server: time, memory, and nobody else's turn."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Final

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.security.conftest import BODY_LIMIT, HEAD_LIMIT, Shop
from tests.security.wire import connect, is_problem, status_of

pytestmark = pytest.mark.servers

SERVICES: Final = ("storefront", "recommender")
GET: Final = b"GET /health HTTP/1.1\r\nHost: x\r\n"
SLOW_CLIENTS: Final = 200
UNREAD_ANSWERS: Final = 500
# A process may grow by what it answers others meanwhile, but not by what it was sent.
GROWTH_BYTES: Final = 16 * 1024 * 1024
# Each is read by other code: FastAPI's JSON and forms, the two fast paths, the edge alone.
WITH_BODIES: Final = [
    ("storefront", b"/users", b"application/json"),
    ("storefront", b"/token", b"application/x-www-form-urlencoded"),
    ("storefront", b"/events", b"application/json"),
    ("storefront", b"/payments/notifications", b"application/json"),
    ("recommender", b"/recommendations/cart", b"application/json"),
]


def post(path: bytes, kind: bytes, *fields: bytes) -> bytes:
    lines = [b"POST %b HTTP/1.1" % path, b"Host: x", b"Content-Type: %b" % kind, *fields]
    return b"\r\n".join([*lines, b"", b""])


# What each sends at first, and then again and again; and the statuses that come before the end.
SLOW_HEADS: Final[dict[str, tuple[bytes, bytes, list[int]]]] = {
    "nothing": (b"", b"", []),
    "nothing after a beginning": (GET + b"X: ", b"", []),
    "a letter now and then": (GET + b"X: ", b"a", []),
    "the next head": (GET + b"\r\n" + GET + b"X: ", b"a", [200]),
    "a body that nobody reads": (
        post(b"/nowhere", b"application/json", b"Content-Length: 9999"),
        b"a",
        [404],
    ),
}
FRAMINGS: Final = {b"Content-Length: 9999": b"a", b"Transfer-Encoding: chunked": b"1\r\na\r\n"}
SLOW_BODIES: Final = [
    (service, post(path, kind, framing), piece)
    for service, path, kind in WITH_BODIES
    for framing, piece in FRAMINGS.items()
]


@pytest.fixture(scope="module")
def slow(shop: Shop) -> dict[tuple[str, bytes, bytes], bytes]:
    """Return what each slow client was told until the end, all of them having come at once."""
    cases = [*SLOW_BODIES]
    for begin, piece, _ in SLOW_HEADS.values():
        cases += [(service, begin, piece) for service in SERVICES]

    def told(case: tuple[str, bytes, bytes]) -> bytes:
        service, begin, piece = case
        with connect(str(shop.services[service].url)) as wire:
            wire.send(begin)
            return wire.drip(piece)

    with ThreadPoolExecutor(len(cases)) as pool:
        return dict(zip(cases, pool.map(told, cases), strict=True))


def memory(shop: Shop, service: str) -> int:
    return int(psutil.Process(shop.services[service].process.pid).memory_info().rss)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(shop: Shop, service: str) -> str:
    return str(shop.services[service].url)


class TestSlowClients:
    @pytest.mark.parametrize("name", SLOW_HEADS)
    def test_one_whose_head_does_not_come_is_left(
        self, slow: dict[tuple[str, bytes, bytes], bytes], service: str, name: str
    ) -> None:
        begin, piece, statuses = SLOW_HEADS[name]
        answers = re.findall(rb"HTTP/1.1 (\d+)", slow[service, begin, piece])
        assert [int(status) for status in answers] == statuses

    @pytest.mark.parametrize("case", SLOW_BODIES, ids=lambda case: repr(case[1][:40]))
    def test_one_whose_body_does_not_come_is_408(
        self, slow: dict[tuple[str, bytes, bytes], bytes], case: tuple[str, bytes, bytes]
    ) -> None:
        assert status_of(slow[case]) == 408
        assert is_problem(slow[case])

    def test_who_buys_slowly_is_408(self, shop: Shop) -> None:
        bearer = shop.add_person().bearer["Authorization"].encode()
        fields = (b"Authorization: " + bearer, b"Idempotency-Key: k", b"Content-Length: 99")
        with connect(str(shop.services["storefront"].url)) as wire:
            wire.send(post(b"/purchases", b"application/json", *fields) + b"{")
            answer = wire.read_to_end()
        assert (status_of(answer), is_problem(answer)) == (408, True)

    def test_others_are_served_meanwhile(self, shop: Shop, service: str, url: str) -> None:
        with ExitStack() as stack:
            for _ in range(SLOW_CLIENTS):
                stack.enter_context(connect(url)).send(GET + b"X: ")
            for _ in range(3):
                assert shop.clients[service].get("/ready").status_code == 200

    def test_one_who_does_not_read_is_left(self, shop: Shop, url: str) -> None:
        # More than the buffers of both sides hold.
        with connect(url, window=4_096) as wire:
            wire.send(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * UNREAD_ANSWERS)
            wire.drip_unread(b"\r\n")

    def test_who_asks_in_time_may_ask_again(self, url: str) -> None:
        with connect(url) as wire:
            wire.send((GET + b"\r\n") * 3 + GET + b"Connection: close\r\n\r\n")
            assert wire.read_to_end().count(b"HTTP/1.1 200") == 4


class TestPieces:
    REQUESTS: Final = (
        GET
        + b"\r\n"
        + post(b"/nowhere", b"application/json", b"Content-Length: 5")
        + b"12345"
        + post(b"/nowhere", b"application/json", b"Transfer-Encoding: chunked")
        + b"3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"
        + GET
        + b"Connection: close\r\n\r\n"
    )

    @settings(max_examples=30)
    @given(cuts=st.lists(st.integers(0, len(REQUESTS)), max_size=6))
    def test_however_requests_are_cut_the_answers_are_the_same(
        self, shop: Shop, cuts: list[int]
    ) -> None:
        with connect(str(shop.services["storefront"].url)) as wire:
            wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for begin, end in pairwise([0, *sorted(cuts), len(self.REQUESTS)]):
                wire.send(self.REQUESTS[begin:end])
            answer = wire.read_to_end()
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404", b"404", b"200"]


class TestLongHeads:
    @pytest.mark.parametrize(
        "head",
        [
            b"GET /health?" + b"a" * HEAD_LIMIT + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            GET + b"Cookie: " + b"a=b; " * HEAD_LIMIT + b"\r\n\r\n",
            GET + b"Cookie: a=b\r\n" * HEAD_LIMIT + b"\r\n",
            GET + b"a" * HEAD_LIMIT + b": b\r\n\r\n",
            GET + b"Idempotency-Key: " + b"k" * HEAD_LIMIT + b"\r\n\r\n",
            GET + b"Authorization: Bearer " + b"t" * HEAD_LIMIT + b"\r\n\r\n",
            GET + b"X: " + b"a" * HEAD_LIMIT,
        ],
        ids=["address", "cookie", "cookies", "name", "key", "token", "unfinished"],
    )
    def test_one_is_431(self, url: str, head: bytes) -> None:
        with connect(url) as wire:
            wire.send(head)
            answer = wire.read_to_end()
        assert status_of(answer) == 431
        assert is_problem(answer)

    def test_one_within_the_limit_is_served(self, url: str) -> None:
        with connect(url) as wire:
            wire.send(GET + b"X: " + b"a" * (HEAD_LIMIT - 200) + b"\r\nConnection: close\r\n\r\n")
            assert status_of(wire.read_to_end()) == 200

    @pytest.mark.parametrize(
        ("begin", "piece"),
        [
            (b"GET /", b"a" * 4096),
            (GET + b"X: ", b"a" * 4096),
            (GET, b"X: a\r\n" * 1024),
            # No web socket is served, which would have no such bounds.
            (GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", b"a" * 4096),
            (GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", b"a" * 4096),
            (post(b"/events", b"text/plain", b"Transfer-Encoding: chunked"), b"1;" + b"a" * 4096),
            (
                post(b"/events", b"text/plain", b"Transfer-Encoding: chunked") + b"0\r\n",
                b"X: a\r\n" * 1024,
            ),
        ],
        ids=["address", "header", "headers", "socket", "http/2", "chunk extension", "trailers"],
    )
    def test_one_without_an_end_takes_no_memory(
        self, shop: Shop, service: str, url: str, begin: bytes, piece: bytes
    ) -> None:
        before = memory(shop, service)
        with connect(url) as wire:
            wire.send(begin)
            wire.flood(piece)
        assert memory(shop, service) - before < GROWTH_BYTES
        assert shop.clients[service].get("/health").status_code == 200


class TestLongBodies:
    # POST /events reads up to its own limit first.
    @pytest.mark.parametrize(
        ("service", "path", "kind"), [one for one in WITH_BODIES if one[1] != b"/events"]
    )
    def test_one_that_says_so_is_413(self, url: str, path: bytes, kind: bytes) -> None:
        fields = (b"Content-Length: %d" % (BODY_LIMIT + 1), b"Connection: close")
        with connect(url) as wire:
            wire.send(post(path, kind, *fields))
            answer = wire.read_to_end()
        assert status_of(answer) == 413
        assert is_problem(answer)

    @pytest.mark.parametrize(("service", "path", "kind"), WITH_BODIES)
    def test_one_without_an_end_takes_no_memory(
        self, shop: Shop, service: str, url: str, path: bytes, kind: bytes
    ) -> None:
        before = memory(shop, service)
        with connect(url) as wire:
            wire.send(post(path, kind, b"Transfer-Encoding: chunked"))
            chunk = b"%x\r\n%b\r\n" % (65_536, b"a" * 65_536)
            answer = wire.flood(chunk * 16, megabytes=4_096)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"413"]
        assert memory(shop, service) - before < GROWTH_BYTES
        assert shop.clients[service].get("/health").status_code == 200


class TestAmbiguousFraming:
    """What two servers could read differently is read by ours not at all."""

    @pytest.mark.parametrize(
        "request_",
        [
            post(b"/events", b"text/plain", b"Content-Length: 1", b"Content-Length: 2") + b"ab",
            post(b"/events", b"text/plain", b"Content-Length: 1", b"Transfer-Encoding: chunked"),
            post(b"/events", b"text/plain", b"Transfer-Encoding: chunked, identity") + b"0\r\n\r\n",
            post(b"/events", b"text/plain", b"Content-Length: 99999999999999999999999"),
            post(b"/events", b"text/plain", b"Content-Length: -1"),
            post(b"/events", b"text/plain", b"Content-Length : 1") + b"a",
            GET + b" folded: a\r\n\r\n",
            GET + b"X: a\x00b\r\n\r\n",
            b"GET /health HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ],
        ids=["lengths", "both", "last", "huge", "negative", "space", "fold", "nul", "line", "tls"],
    )
    def test_it_is_400_and_the_end(self, url: str, request_: bytes) -> None:
        with connect(url) as wire:
            wire.send(request_)
            answer = wire.read_to_end()
        assert status_of(answer) == 400
        assert answer.count(b"HTTP/1.1 ") == 1
        assert is_problem(answer)


def test_after_all_that_nothing_has_crashed(logs: list[Path]) -> None:
    for log in logs:
        text = log.read_text()
        assert "request_crashed" not in text
        assert "Exception in ASGI application" not in text
