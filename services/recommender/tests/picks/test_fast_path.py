"""The short way to the picks gives the same answers as the long one, whoever asks however."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fashion_contracts.picks import Pick, Reason, Source, rounded_score
from fashion_kit.clock import utc_now
from fashion_kit.tokens import Identity, issue_token
from recommender.app import create_app
from recommender.picks.encoding import encoded
from recommender.picks.fast_path import read_plain
from recommender.picks.schemas import Chosen, Recommendations, RecommendedProduct
from recommender.settings import ApiSettings

Answer = tuple[int, dict[bytes, bytes], bytes]

WEBSITE = "https://shop.example"
TOKENS = ("none", "owner", "other", "admin", "forged", "basic")
SCORES = st.floats(0, 1).map(rounded_score)
PICKS = st.builds(
    Pick,
    st.integers(1, 2**32 - 1),
    SCORES,
    st.sampled_from(Source),
    st.sampled_from(Reason),
    st.none() | st.integers(1, 2**32 - 1),
)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.fixture
def token_of(private_key: Ed25519PrivateKey) -> Callable[[str, str], str]:
    def make(subject: str, role: str) -> str:
        identity = Identity(subject, role)
        return issue_token(identity, private_key, now=utc_now(), lifetime=timedelta(minutes=5))

    return make


@given(
    st.builds(
        Chosen,
        st.text("abcdefghijklmnopqrstuvwxyz0123456789._:-", min_size=1),
        st.just("01JD0000000000000000000000"),
        st.none() | st.text(),
        st.none() | INSTANTS,
        st.lists(PICKS, max_size=24),
    )
)
def test_the_body_is_what_the_schema_gives(chosen: Chosen) -> None:
    items = [
        RecommendedProduct(
            product_id=pick.product_id,
            score=round(pick.score, 4),
            reason=pick.reason.code,
            source=pick.source,
            because_of=pick.because_of,
        )
        for pick in chosen.picks
    ]
    schema = Recommendations(
        recommendation_id=chosen.recommendation_id,
        model_version=chosen.model_version,
        user_id=chosen.user_id,
        generated_at=chosen.generated_at,
        items=items,
    )

    assert json.loads(encoded(chosen)) == json.loads(schema.model_dump_json())


async def ask(app: Any, state: Any, path: str, query: str, headers: dict[str, str]) -> Answer:
    """Return the answer without what is another one each time."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    await app(_scope(state, path, query, headers), receive, send)
    start, body = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
    content = json.loads(body)
    content.pop("recommendation_id", None)
    return start["status"], dict(start["headers"]), json.dumps(content).encode()


def _scope(state: Any, path: str, query: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": dict(state),
    }


def without_fast_path(app: FastAPI) -> FastAPI:
    """Return the same app with its state, in which FastAPI answers everything."""
    plain = create_app()
    slow = [one for one in plain.user_middleware if "PicksFastPath" not in repr(one)]
    assert len(slow) == len(plain.user_middleware) - 2
    plain.user_middleware = slow
    plain.state = app.state
    return plain


@pytest.mark.servers
@pytest.mark.usefixtures("catalogue", "in_use")
@pytest.mark.parametrize("websites", [(), (WEBSITE,)])
async def test_every_answer_is_the_one_that_fastapi_gives(
    websites: tuple[str, ...],
    api_settings: ApiSettings,
    fold_events: Any,
    event: Callable[..., Any],
    token_of: Callable[[str, str], str],
) -> None:
    fold_events(*(event(number, shopper="me") for number in (1, 2, 3)))
    fold_events(event(5, shopper=None, anonymous_id="anon-1"))
    app = create_app(api_settings.model_copy(update={"cors_origins": websites}))
    plain = without_fast_path(app)
    authorizations = {
        "none": {},
        "owner": {"Authorization": f"Bearer {token_of('me', 'customer')}"},
        "other": {"Authorization": f"bearer {token_of('you', 'customer')}"},
        "admin": {"Authorization": f"BEARER {token_of('ops', 'admin')}"},
        "forged": {"Authorization": "Bearer nonsense"},
        "basic": {"Authorization": "Basic bWU6eA=="},
    }
    async with app.router.lifespan_context(app) as state:
        loop = asyncio.get_running_loop()

        @settings(max_examples=150)
        @example("me", {}, "owner", {})
        @example("anon-1", {"limit": "24"}, "none", {"Origin": WEBSITE})
        @given(
            st.sampled_from(["me", "anon-1", "anon-2", "similar", "cart", "a b", "x" * 65, "é"]),
            st.dictionaries(
                st.sampled_from(["limit", "exclude", "category", "page"]),
                st.sampled_from(["", "0", "1", "07", "12", "24", "25", "x", "Shoes"]),
                max_size=2,
            ),
            st.sampled_from(TOKENS),
            st.sampled_from([{}, {"Origin": WEBSITE}, {"Origin": "https://elsewhere.example"}]),
        )
        def compare(
            user_id: str, query: dict[str, str], token: str, origin: dict[str, str]
        ) -> None:
            headers = authorizations[token] | origin
            asked = (f"/recommendations/{user_id}", urlencode(query), headers)
            answers = [
                asyncio.run_coroutine_threadsafe(ask(one, state, *asked), loop).result()
                for one in (app, plain)
            ]
            assert answers[0] == answers[1]

        await asyncio.to_thread(compare)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("path", "query", "goes_fast"),
    [
        ("/recommendations/anon-1", "", True),
        ("/recommendations/anon-1", "limit=24", True),
        ("/recommendations/anon-1", "limit=25", False),
        ("/recommendations/anon-1", "limit=1&exclude=2", False),
        ("/recommendations/me", "", False),
        ("/recommendations/anon-1/", "", False),
        ("/recommendations/anon-1/recently-viewed", "", False),
    ],
)
async def test_only_what_is_plain_and_allowed_goes_the_short_way(
    api_settings: ApiSettings, path: str, query: str, goes_fast: bool
) -> None:
    app = create_app(api_settings)
    async with app.router.lifespan_context(app) as state:
        taken = [
            await read_plain({**_scope(state, path, query, {}), "app": app}, is_outside=is_outside)
            for is_outside in (True, False)
        ]

    assert [asked is not None for asked in taken] == [goes_fast, False]
