"""The whole matrix against the running services: every operation, asked by everybody there is."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.security.access import ACCESS, ASKERS, Row, Scene
from tests.security.conftest import SIGNING_KEY, Person, Shop

import recommender.app
import storefront.app
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.problems import MEDIA_TYPE
from storefront.payments.signatures import sign

pytestmark = pytest.mark.servers

CREATE: Final[dict[str, Callable[[], FastAPI]]] = {
    "storefront": storefront.app.create_app,
    "recommender": recommender.app.create_app,
}
# What FastAPI adds: the description, and pages that show it.
OF_FASTAPI: Final = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
CASES: Final = [
    pytest.param(service, method, path, row, id=f"{service}: {method} {path}")
    for service, rows in ACCESS.items()
    for (method, path), row in rows.items()
]


@pytest.fixture(scope="module")
def people(shop: Shop) -> dict[str, Person]:
    return everybody(shop)


def everybody(shop: Shop) -> dict[str, Person]:
    return {
        "nobody": Person("", {}),
        "guest": shop.add_guest(),
        "other": shop.add_person(),
        "owner": shop.add_person(),
        "service": shop.add_person("service"),
        "admin": shop.add_person("admin"),
    }


@pytest.mark.parametrize("service", ACCESS)
def test_every_operation_has_its_row(service: str) -> None:
    document = CREATE[service]().openapi()
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert set(ACCESS[service]) == described


@pytest.mark.parametrize("service", ACCESS)
def test_nothing_is_served_that_the_description_does_not_name(service: str) -> None:
    app = CREATE[service]()
    described = set(app.openapi()["paths"])
    served = {route.path for route in app.routes if isinstance(route, APIRoute)}
    others = {getattr(route, "path", None) for route in app.routes} - served - {None}
    assert served | others <= described | OF_FASTAPI


@pytest.mark.parametrize(("service", "method", "path", "row"), CASES)
def test_each_is_answered_as_they_may(
    shop: Shop, people: dict[str, Person], service: str, method: str, path: str, row: Row
) -> None:
    scene = Scene(shop, everybody(shop) if row.spends_people else people)
    answers = {}
    for who in ASKERS:
        asked = row.make(scene)
        headers = {"Idempotency-Key": new_id(), "If-Match": "*"} | scene.people[who].bearer
        answers[who] = shop.clients[service].request(
            method,
            path.format_map(asked.ids),
            params=asked.query,
            json=asked.body if asked.form is None else None,
            data=asked.form,
            headers=headers,
        )
    told = {who: (answer.status_code, answer.text[:200]) for who, answer in answers.items()}
    assert tuple(answer.status_code for answer in answers.values()) == row.expected, told
    for who, answer in answers.items():
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == MEDIA_TYPE
        if who in ("nobody", "guest", "other"):
            # Neither name, e-mail nor anything made of them.
            assert scene.owner.username not in answer.text


def test_anothers_purchases_and_picks_are_not_among_ones_own(
    shop: Shop, people: dict[str, Person]
) -> None:
    purchase_id = Scene(shop, people).purchase()
    for who in ("other", "service", "admin"):
        answer = shop.storefront.get("/purchases", headers=people[who].bearer)
        assert purchase_id not in answer.text
    owners = shop.storefront.get("/purchases", headers=people["owner"].bearer)
    assert purchase_id in owners.text


def test_an_event_in_anothers_name_is_rejected(shop: Shop, people: dict[str, Person]) -> None:
    event = {"event_id": new_id(), "type": "page_view", "session_id": "s"}
    event |= {"event_time": utc_now().isoformat(), "user_id": people["owner"].id}
    for who in ("nobody", "guest", "other", "service", "admin"):
        told = shop.storefront.post(
            "/events", json={"events": [event]}, headers=people[who].bearer
        ).json()
        assert (told["accepted"], told["rejected"]) == (0, 1), who


def test_a_notification_is_believed_by_its_signature_alone(
    shop: Shop, people: dict[str, Person]
) -> None:
    body = json.dumps({"payment_id": new_id(), "status": "approved"}).encode()
    signed = {"Payment-Signature": sign(body, SIGNING_KEY, utc_now())}
    forged = {"Payment-Signature": sign(body, "another key", utc_now())}

    def status(headers: dict[str, str]) -> int:
        kind = {"Content-Type": "application/json"}
        return shop.storefront.post(
            "/payments/notifications", content=body, headers=kind | headers
        ).status_code

    assert status(forged | people["admin"].bearer) == 401
    assert status(signed) != 401


@pytest.mark.parametrize("name", ["all", "good", "bad", "reset"])
def test_what_is_for_developers_is_not_served(
    shop: Shop, people: dict[str, Person], name: str
) -> None:
    answer = shop.storefront.get(f"/dev/events/{name}", headers=people["admin"].bearer)
    assert answer.status_code == 404


def test_a_role_that_is_taken_away_ends_with_the_account(shop: Shop) -> None:
    admin = shop.add_person("admin")
    gone: Any = shop.storefront.request(
        "DELETE", "/users/me", json={"password": "correct horse battery"}, headers=admin.bearer
    )
    assert gone.status_code == 204
    answer = shop.storefront.get("/users/me", headers=admin.bearer)
    assert answer.status_code == 401
