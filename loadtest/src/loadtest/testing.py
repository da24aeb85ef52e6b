"""A small shop in this process that keeps the API's promises, and fails where it is told to.

It is for trying the shoppers, so it is no more than what they touch.
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs

import httpx

from loadtest.clock import utc_now

EVENT_TYPES = frozenset(
    {
        "page_view",
        "list_view",
        "list_click",
        "search",
        "product_view",
        "add_to_cart",
        "remove_from_cart",
        "begin_checkout",
    }
)

Fault = Callable[[httpx.Request], httpx.Response | None]
"""What goes wrong with one request; None: it is taken, but its answer is lost."""


class RefusedError(Exception):
    """A problem the fake shop answers with."""

    def __init__(self, status: int, name: str, **extensions: Any) -> None:
        super().__init__(name)
        self.status = status
        self.body = {
            "type": f"urn:fashion-store:problem:{name}",
            "title": name,
            "status": status,
            "detail": name,
            **extensions,
        }


class FakeShop:
    """Storefront and recommender in one, over dictionaries."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.products = {row["id"]: row for row in rows}
        self.stock = dict.fromkeys(self.products, 1000)
        self.users: dict[str, dict[str, Any]] = {}
        self.carts: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
        self.answers: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        self.purchases: list[dict[str, Any]] = []
        self.events: dict[str, dict[str, Any]] = {}
        self.event_batches: list[list[str]] = []
        self.requests: list[httpx.Request] = []
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = Lock()

    def fail(self, method_and_path: str, *faults: Fault) -> None:
        """Let the next requests that begin so go wrong, one after the other."""
        self.faults[method_and_path].extend(faults)

    def sent(self, method: str, path: str) -> list[httpx.Request]:
        """Return the requests to this path."""
        return [r for r in self.requests if r.method == method and r.url.path == path]

    def sent_below(self, path: str) -> list[httpx.Request]:
        """Return the requests to whatever lies below this path."""
        return [request for request in self.requests if request.url.path.startswith(path + "/")]

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        with self._lock:
            self.requests.append(request)
            fault = self._next_fault(request)
            if fault is not None and (response := fault(request)) is not None:
                return response
            response = self.answer(request)
        if fault is not None:
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return response

    def _next_fault(self, request: httpx.Request) -> Fault | None:
        for start, faults in self.faults.items():
            if f"{request.method} {request.url.path}".startswith(start) and faults:
                return faults.popleft()
        return None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as a shop without faults does."""
        area = request.url.path.split("/")[1]
        headers: dict[str, str] = {}
        try:
            status, body, *more = getattr(self, f"_{request.method.lower()}_{area}")(request)
            headers.update(*more)
        except RefusedError as problem:
            status, body = problem.status, problem.body
        if status == 204:
            return httpx.Response(204)
        return httpx.Response(status, json=body, headers=headers)

    def _post_users(self, request: httpx.Request) -> tuple[int, Any]:
        form = json.loads(request.content)
        if form["username"] in self.users:
            raise RefusedError(409, "username-taken")
        self.users[form["username"]] = {**form, "id": f"user-{len(self.users)}"}
        return 201, self.users[form["username"]]

    def _post_token(self, request: httpx.Request) -> tuple[int, Any]:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        user = self.users.get(form["username"])
        if user is None or user["password"] != form["password"]:
            raise RefusedError(401, "wrong-credentials")
        return 200, {"access_token": user["id"], "token_type": "bearer", "expires_in": 3600}

    def _get_users(self, request: httpx.Request) -> tuple[int, Any]:
        user_id = self._user_id(request)
        return 200, next(user for user in self.users.values() if user["id"] == user_id)

    def _get_products(self, request: httpx.Request) -> tuple[int, Any]:
        if request.url.path != "/products":
            return 200, self._product(request)
        given = dict(request.url.params)
        start, size = int(given.pop("cursor", 0)), int(given.pop("limit", 24))
        fitting = [
            row for row in self.products.values() if all(row[k] == v for k, v in given.items())
        ]
        next_cursor = str(start + size) if start + size < len(fitting) else None
        return 200, {"items": fitting[start : start + size], "next_cursor": next_cursor}

    def _get_recommendations(self, request: httpx.Request) -> tuple[int, Any]:
        shopper_id = request.url.path.rsplit("/", 1)[1]
        if not shopper_id.startswith("anon-") and self._user_id(request) != shopper_id:
            raise RefusedError(403, "forbidden")
        limit = int(request.url.params["limit"])
        because = self._latest_view(shopper_id)
        items = [
            {"product_id": product_id, "score": 1.0, **because}
            for product_id in Random(shopper_id).sample([*self.products], limit)
        ]
        return 200, {
            "user_id": shopper_id,
            "recommendation_id": f"rec-{len(self.requests)}",
            "model_version": None,
            "generated_at": None,
            "items": items,
        }

    def _latest_view(self, shopper_id: str) -> dict[str, Any]:
        """Return why something is recommended: the latest product looked at, if there is one."""
        for event in reversed(self.events.values()):
            owner = event.get("user_id") or event.get("anonymous_id")
            if owner == shopper_id and event["type"] == "product_view":
                seen = event["product_id"]
                return {"reason": "because_you_viewed", "source": "session", "because_of": seen}
        return {"reason": "trending", "source": "trending"}

    def _get_cart(self, request: httpx.Request) -> tuple[int, Any]:
        user_id = self._user_id(request)
        return 200, {"id": f"cart-{user_id}", "lines": [*self.carts[user_id].values()]}

    def _put_cart(self, request: httpx.Request) -> tuple[int, Any]:
        product = self._product(request)
        self.carts[self._user_id(request)][product["id"]] = {
            "product_id": product["id"],
            "quantity": json.loads(request.content)["quantity"],
            "unit_price": product["price"],
        }
        return self._get_cart(request)

    def _delete_cart(self, request: httpx.Request) -> tuple[int, Any]:
        self.carts[self._user_id(request)].pop(int(request.url.path.rsplit("/", 1)[1]), None)
        return 204, None

    def _post_purchases(self, request: httpx.Request) -> tuple[int, Any, dict[str, str]]:
        user_id = self._user_id(request)
        key = user_id, request.headers["Idempotency-Key"]
        asked = request.content.decode()
        if key in self.answers:
            before, answer = self.answers[key]
            if before != asked:
                raise RefusedError(422, "idempotency-key-reused")
            return 201, answer, {"Idempotent-Replayed": "true"}
        answer = self._place(user_id, json.loads(asked))
        self.answers[key] = asked, answer
        return 201, answer, {}

    def _place(self, user_id: str, order: dict[str, Any]) -> dict[str, Any]:
        lines = order.get("lines") or [*self.carts[user_id].values()]
        for line in lines:
            product_id, price = line["product_id"], self.products[line["product_id"]]["price"]
            if line["unit_price"] != price:
                raise RefusedError(
                    409, "price-changed", product_id=product_id, current_unit_price=price
                )
            if self.stock[product_id] < line["quantity"]:
                left = self.stock[product_id]
                raise RefusedError(409, "out-of-stock", product_id=product_id, left=left)
        for line in lines:
            self.stock[line["product_id"]] -= line["quantity"]
        if "cart_id" in order:
            self.carts[user_id].clear()
        total = sum((Decimal(line["unit_price"]) * line["quantity"] for line in lines), Decimal(0))
        purchase = {
            "id": f"purchase-{len(self.purchases)}",
            "status": "placed",
            "total": str(total),
            "currency": "INR",
            "purchased_at": utc_now().isoformat(),
            "lines": lines,
        }
        self.purchases.append(purchase)
        return purchase

    def _post_events(self, request: httpx.Request) -> tuple[int, Any]:
        batch = json.loads(request.content)["events"]
        self.event_batches.append([event["event_id"] for event in batch])
        verdicts = [
            {"index": index, "event_id": event["event_id"], **self._judge(request, event)}
            for index, event in enumerate(batch)
        ]
        accepted = sum(verdict["status"] == "accepted" for verdict in verdicts)
        return 202, {
            "accepted": accepted,
            "rejected": len(batch) - accepted,
            "verdicts": verdicts,
        }

    def _judge(self, request: httpx.Request, event: dict[str, Any]) -> dict[str, str]:
        if not _is_well_formed(event):
            return {"status": "rejected", "reason": "it is malformed"}
        is_owned = "anonymous_id" in event or event["user_id"] == self._user_id(request)
        if not is_owned:
            return {"status": "rejected", "reason": "user_id: is not the bearer's"}
        self.events.setdefault(event["event_id"], event)
        return {"status": "accepted"}

    def _product(self, request: httpx.Request) -> dict[str, Any]:
        product = self.products.get(int(request.url.path.rsplit("/", 1)[1]))
        if product is None:
            raise RefusedError(404, "product-not-found")
        return product

    def _user_id(self, request: httpx.Request) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise RefusedError(401, "missing-token")
        return str(token)


def busy(_: httpx.Request) -> httpx.Response:
    """Answer 503 without taking the request."""
    return httpx.Response(503, headers={"Retry-After": "0"}, json={"type": "busy"})


def unreachable(request: httpx.Request) -> httpx.Response:
    """Do not answer, and do not take the request."""
    raise httpx.ConnectError("nobody listens", request=request)


def answer_lost(_: httpx.Request) -> None:
    """Take the request, but lose the answer."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextmanager
def served(shop: FakeShop) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # One segment for each answer: small ones would wait for one another.

        def __getattr__(self, name: str) -> Any:
            """Take any method: the server looks for `do_GET` and the like."""
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = f"http://127.0.0.1{self.path}"
            request = httpx.Request(
                self.command, url, headers=[*self.headers.items()], content=body
            )
            response = shop.handle(request)
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _is_well_formed(event: dict[str, Any]) -> bool:
    try:
        datetime.fromisoformat(event["event_time"])
    except ValueError:
        return False
    is_about_product = isinstance(event.get("product_id", 0), int)
    return event["type"] in EVENT_TYPES and "session_id" in event and is_about_product
