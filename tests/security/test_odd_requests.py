"""Requests that are meant to be read otherwise than they look."""

import gzip
from typing import Any, Final

import httpx
import pytest
from tests.security.conftest import ORIGIN, PASSWORD, Shop
from tests.security.wire import connect, status_of

from fashion_kit.problems import MEDIA_TYPE

pytestmark = pytest.mark.servers

SERVICES: Final = ("storefront", "recommender")
JSON: Final = {"Content-Type": "application/json"}
PACKED: Final = gzip.compress(b'{"product_ids": [1]}')
NESTED: Final[dict[str, bytes]] = {
    "lists": b"[" * 8_000,
    "objects": b'{"a":' * 3_000,
    "closed": b"[" * 8_000 + b"]" * 8_000,
    "within a field": b'{"events": [' + b'{"page":' * 1_500 + b"1" + b"}" * 1_500 + b"]}",
}


@pytest.fixture(params=SERVICES)
def client(request: pytest.FixtureRequest, shop: Shop) -> httpx.Client:
    return shop.clients[str(request.param)]


class TestNesting:
    @pytest.mark.parametrize("name", NESTED)
    @pytest.mark.parametrize(
        ("service", "path"),
        [
            ("storefront", "/events"),
            ("storefront", "/purchases/quote"),
            ("storefront", "/users"),
            ("storefront", "/payments/notifications"),
            ("recommender", "/recommendations/cart"),
            ("recommender", "/recommendations/rerank"),
        ],
    )
    def test_a_deep_one_is_a_problem(self, shop: Shop, service: str, path: str, name: str) -> None:
        answer = shop.clients[service].post(path, content=NESTED[name], headers=JSON)
        assert answer.status_code in (400, 401, 422)
        assert answer.headers["content-type"] == MEDIA_TYPE

    def test_one_in_the_words_of_others_is_kept_as_bad(self, shop: Shop) -> None:
        deep = "[" * 150 + "]" * 150
        nested = f'{{"event_type": "click", "page": {deep}, "user_id": {deep}}}'
        answer = shop.storefront.post("/events", content=f"[{nested}]", headers=JSON)
        assert answer.status_code == 202
        assert answer.json()["rejected"] == 1


class TestPacking:
    @pytest.mark.parametrize(
        ("service", "path"),
        [
            ("storefront", "/users"),
            ("storefront", "/token"),
            ("recommender", "/recommendations/cart"),
        ],
    )
    def test_a_packed_body_is_unpacked_by_events_alone(
        self, shop: Shop, service: str, path: str
    ) -> None:
        headers = JSON | {"Content-Encoding": "gzip"}
        answer = shop.clients[service].post(path, content=PACKED, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == MEDIA_TYPE

    @pytest.mark.parametrize(
        "bomb",
        [
            gzip.compress(b" " * 1_000) * 10_000,
            gzip.compress(gzip.compress(b" " * 1024 * 1024)) + b"garbage",
            gzip.compress(b"") * 50_000,
        ],
        ids=["many members", "packed twice", "nothing but members"],
    )
    def test_a_bomb_is_refused(self, shop: Shop, bomb: bytes) -> None:
        headers = JSON | {"Content-Encoding": "gzip"}
        answer = shop.storefront.post("/events", content=bomb, headers=headers)
        assert answer.status_code in (400, 413)
        assert answer.headers["content-type"] == MEDIA_TYPE


class TestInjection:
    @pytest.mark.parametrize("line", ["\r\nSet-Cookie: a=b", "\n", "\r", "\x00"])
    @pytest.mark.parametrize("field", ["image_url", "product_display_name"])
    def test_what_becomes_a_header_has_no_line_ends(
        self, shop: Shop, field: str, line: str
    ) -> None:
        admin = shop.add_person("admin")
        product_id = shop.add_product()
        body: Any = {field: f"https://cdn.example/a.jpg{line}"}
        headers = admin.bearer | {"If-Match": "*"}
        shop.storefront.patch(f"/admin/products/{product_id}", json=body, headers=headers)
        answer = shop.storefront.get(f"/products/{product_id}/image.svg")
        assert answer.status_code in (200, 307)
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "/x"]
    )
    def test_a_picture_is_nowhere_but_on_the_web(self, shop: Shop, url: str) -> None:
        admin = shop.add_person("admin")
        product_id = shop.add_product()
        headers = admin.bearer | {"If-Match": "*"}
        path = f"/admin/products/{product_id}"
        answer = shop.storefront.patch(path, json={"image_url": url}, headers=headers)
        assert answer.status_code == 422

    @pytest.mark.parametrize("key", ["", "a b", "a,b", "é", "k" * 1_000, '"'])
    def test_an_odd_key_of_a_purchase_is_400(self, shop: Shop, key: str) -> None:
        person = shop.add_person()
        body = {"lines": [{"product_id": shop.add_product(), "quantity": 1}]}
        headers: Any = person.bearer | {"Idempotency-Key": key.encode()}
        answer = shop.storefront.post("/purchases", json=body, headers=headers)
        assert answer.status_code in (201, 400)
        if len(key) > 255 or not key.strip():
            assert answer.status_code == 400

    def test_a_name_is_text_on_the_invoice(self, shop: Shop) -> None:
        person = shop.add_person()
        markup = "<script>alert(1)</script>"
        shop.storefront.patch(
            "/users/me", json={"last_name": markup}, headers=person.bearer | {"If-Match": "*"}
        )
        line = {"product_id": shop.add_product(), "quantity": 1}
        bought = shop.storefront.post(
            "/purchases", json={"lines": [line]}, headers=person.bearer | {"Idempotency-Key": "k"}
        ).json()
        path = f"/purchases/{bought['id']}"
        shop.storefront.post(
            f"{path}/payments",
            json={"method": "card_ok"},
            headers=person.bearer | {"Idempotency-Key": "p"},
        )
        page = shop.storefront.get(f"{path}/invoice", headers=person.bearer)
        assert page.status_code == 200
        assert markup not in page.text
        assert "script-src" not in page.headers["content-security-policy"]

    @pytest.mark.parametrize(
        "form",
        [
            {"username": "' OR 1=1 -- ", "password": PASSWORD},
            {"username": "a", "password": "' OR '1'='1"},
        ],
        ids=["username", "password"],
    )
    def test_sql_is_text(self, shop: Shop, form: dict[str, str]) -> None:
        assert shop.storefront.post("/token", data=form).status_code in (401, 422)
        answer = shop.storefront.get(
            "/products", params={"q": form["username"], "gender": "' OR 1"}
        )
        assert answer.status_code in (200, 422)


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            b"/products/..%2f..%2fetc%2fpasswd/image.svg",
            b"/products/%2e%2e/%2e%2e/etc/passwd",
            b"/products/../../etc/passwd",
            b"/products/1%00/image.svg",
            b"/products/1/image.svg/..%2f..%2f..%2fetc%2fpasswd",
            b"/schemas/..%2f..%2fsettings/1",
            b"/schemas/%2fetc%2fpasswd/1",
            b"//etc/passwd",
            b"/docs/../../../etc/passwd",
        ],
    )
    @pytest.mark.parametrize("service", SERVICES)
    def test_none_leads_out(self, shop: Shop, service: str, path: bytes) -> None:
        with connect(str(shop.services[service].url)) as wire:
            wire.send(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path)
            answer = wire.read_to_end()
        assert status_of(answer) in (400, 404, 422)
        assert b"root:" not in answer

    @pytest.mark.parametrize("service", SERVICES)
    @pytest.mark.parametrize("path", [b"/products/", b"/trending/", b"/health/"])
    def test_nobody_is_sent_to_the_host_that_a_request_names(
        self, shop: Shop, service: str, path: bytes
    ) -> None:
        with connect(str(shop.services[service].url)) as wire:
            request = b"GET %b HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
            wire.send(request % path)
            answer = wire.read_to_end()
        assert b"evil.example" not in answer

    @pytest.mark.parametrize("path", ["/health/", "/health//", "/metrics/", "/docs/"])
    def test_a_slash_at_the_end_changes_nothing(self, client: httpx.Client, path: str) -> None:
        assert client.get(path).status_code == 200


class TestBrowsers:
    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            f"{ORIGIN}.evil.example",
            f"{ORIGIN}:444",
            f"{ORIGIN}/",
            "http://shop.example",
            "https://SHOP.example",
            "null",
            "*",
        ],
    )
    @pytest.mark.parametrize("path", ["/health", "/nowhere", "/recommendations/anon-12345678"])
    def test_another_website_reads_nothing(
        self, client: httpx.Client, origin: str, path: str
    ) -> None:
        answer = client.get(path, headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        answer = client.options(path, headers=preflight)
        assert "access-control-allow-origin" not in answer.headers

    def test_our_own_reads_everything_but_with_no_cookie(self, client: httpx.Client) -> None:
        answer = client.get("/health", headers={"Origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "access-control-allow-credentials" not in answer.headers

    def test_nobody_gets_a_cookie(self, client: httpx.Client, shop: Shop) -> None:
        for path in ("/health", "/products", "/docs"):
            assert "set-cookie" not in client.get(path).headers
        form = {"username": shop.add_person().username, "password": PASSWORD}
        assert "set-cookie" not in shop.storefront.post("/token", data=form).headers
