"""The API as a whole: documented, observable, and with one answer to every failure."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from services.storefront.tests.conftest import InProcess

from fashion_kit.problems import MEDIA_TYPE
from fashion_kit.settings import Settings
from storefront import settings as settings_module
from storefront.app import ROUTERS, create_app

README = "services/storefront/README.md"


def routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    document = create_app().openapi()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


class TestDocumentation:
    @pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
    def test_every_endpoint_says_what_it_does(self, route: APIRoute) -> None:
        assert route.endpoint.__doc__

    def test_every_endpoint_documents_its_problems(self) -> None:
        harmless = {"/health", "/metrics", "/schemas"}
        for method, path, operation in operations():
            statuses = {status for status in operation["responses"] if status >= "400"}
            assert statuses or path in harmless, (method, path)
            for status in statuses:
                content = operation["responses"][status]["content"]
                assert list(content) == [MEDIA_TYPE], (method, path, status)

    def test_every_endpoint_for_the_bearer_documents_401(self) -> None:
        for method, path, operation in operations():
            if operation.get("security"):
                assert "401" in operation["responses"], (method, path)

    def test_every_body_documents_what_makes_it_unreadable(self) -> None:
        for method, path, operation in operations():
            if "requestBody" in operation:
                assert {"400", "422"} <= set(operation["responses"]), (method, path)

    def test_the_events_schema_is_served_and_whole(self) -> None:
        schemas = create_app().openapi()["components"]["schemas"]
        assert {"EventBatch", "ClientEvent", "EventType"} <= set(schemas)

    def test_every_reference_of_the_document_leads_somewhere(self) -> None:
        document = create_app().openapi()

        def references(node: Any) -> Iterator[str]:
            if isinstance(node, dict):
                yield from ([node["$ref"]] if "$ref" in node else [])
                node = list(node.values())
            if isinstance(node, list):
                for item in node:
                    yield from references(item)

        names = {reference.rsplit("/", 1)[1] for reference in references(document)}
        assert names <= set(document["components"]["schemas"])


class TestSettings:
    def documented(self) -> dict[str, str | None]:
        """Return each setting of the module with the sentence under it."""
        tree = ast.parse(inspect.getsource(settings_module))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        found: dict[str, str | None] = {}
        for body in (node.body for node in classes):
            for field, after in zip(body, [*body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                    found[field.target.id] = ast.unparse(after) if after and is_text else None
        return found

    def test_every_setting_has_its_sentence(self) -> None:
        assert [name for name, sentence in self.documented().items() if not sentence] == []

    def test_every_setting_is_in_the_readme(self, pytestconfig: pytest.Config) -> None:
        readme = (pytestconfig.rootpath / README).read_text()
        names = [f"`STOREFRONT_{name.upper()}`" for name in self.documented()]
        assert [name for name in names if name not in readme] == []

    def test_no_secret_has_a_default(self) -> None:
        kinds = [kind for kind in vars(settings_module).values() if isinstance(kind, type)]
        fields = [
            field
            for kind in kinds
            if issubclass(kind, Settings)
            for field in kind.model_fields.values()
        ]
        assert all(field.is_required() for field in fields if field.annotation is SecretStr)


@pytest.mark.servers
class TestOperations:
    def test_it_lives_and_is_ready(self, client: httpx.Client) -> None:
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/ready").status_code == 200

    async def test_without_its_stream_it_is_not_ready(self, in_process: InProcess) -> None:
        async with in_process({"event_stream": "no-such-stream"}) as client:
            answer = await client.get("/ready")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["event stream"])

    async def test_without_its_database_it_is_not_ready_but_lives(
        self, in_process: InProcess
    ) -> None:
        nowhere = SecretStr("mysql+pymysql://nobody@127.0.0.1:1/none")
        async with in_process({"database_url": nowhere}) as client:
            ready = await client.get("/ready")
            listed = await client.get("/products")
            assert (await client.get("/health")).status_code == 200
        assert (ready.status_code, ready.json()["missing"]) == (503, ["database"])
        assert (listed.status_code, listed.headers["retry-after"]) == (503, "1")

    def test_requests_are_counted_by_route(self, client: httpx.Client) -> None:
        client.get("/products/1")
        client.post("/events", content=b"{")
        text = client.get("/metrics").text
        assert 'route="/products/{product_id}",status="404"' in text
        assert 'route="/events",status="400"' in text

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nowhere", 404),
            ("DELETE", "/products", 405),
            ("GET", "/events", 405),
            ("GET", "/products?limit=x", 422),
            ("GET", "/products/4711", 404),
            ("GET", "/cart", 401),
            ("POST", "/events", 400),
        ],
    )
    def test_every_failure_is_a_problem(
        self, client: httpx.Client, method: str, path: str, status: int
    ) -> None:
        answer = client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert {"type", "title", "status", "detail"} <= set(answer.json())
