"""Who comes too often is answered 429; everybody is told how much is left.

Header fields after draft-ietf-httpapi-ratelimit-headers-10. Each process counts for itself.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from time import monotonic
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_kit.edge.limiter import RateLimiter, Verdict
from fashion_kit.errors import TooManyRequestsError
from fashion_kit.problems import problem_of, problem_response

# What one subscriber of IPv6 has; its addresses are as many as it likes.
_IPV6_SUBSCRIBER: Final = 64

Operation = tuple[str, str]
"""A method and a path."""


@dataclass(frozen=True)
class RateLimits:
    """Which requests are counted, and by whom. A limit that is None is off."""

    by_address: RateLimiter | None
    by_bearer: RateLimiter | None
    credentials_by_address: RateLimiter | None
    credentials: Collection[Operation]
    """Where a password can be tried."""
    exempt: Collection[str]
    """Paths that are never counted."""
    timer: Callable[[], float] = monotonic

    def take(self, scope: Scope) -> list[tuple[RateLimiter, Verdict]]:
        """Count the request; return each limit that it met, the last one perhaps exceeded."""
        if scope["path"] in self.exempt:
            return []
        now = self.timer()
        address = _address(scope)
        met: list[tuple[RateLimiter, Verdict]] = []
        if self.by_address is not None:
            met.append((self.by_address, self.by_address.take(address, now)))
        if (
            self.credentials_by_address is not None
            and (scope["method"], scope["path"]) in self.credentials
            and _all_allow(met)
        ):
            limiter = self.credentials_by_address
            met.append((limiter, limiter.take(address, now)))
        if self.by_bearer is not None and _all_allow(met):
            bearer = _bearer(scope)
            if bearer is not None:
                met.append((self.by_bearer, self.by_bearer.take(bearer, now)))
        return met


class RateLimitMiddleware:
    """Holds requests to the `rate_limits` of the app's state."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; either way the answer says what is left."""
        met = scope["state"]["rate_limits"].take(scope) if scope["type"] == "http" else ()
        if not met:
            await self.app(scope, receive, send)
            return
        fields = _fields(met)

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *fields]
            await send(message)

        limiter, verdict = met[-1]
        if verdict.is_allowed:
            await self.app(scope, receive, send_with_fields)
            return
        error = TooManyRequestsError(
            ceil(verdict.wait_seconds), **{"violated-policies": [limiter.name]}
        )
        response = problem_response(problem_of(error), error.headers())
        await response(scope, receive, send_with_fields)


def _all_allow(met: list[tuple[RateLimiter, Verdict]]) -> bool:
    return not met or met[-1][1].is_allowed


def _fields(met: list[tuple[RateLimiter, Verdict]]) -> tuple[tuple[bytes, bytes], ...]:
    policies = ", ".join([limiter.policy for limiter, _ in met])
    states = ", ".join(
        [
            f'"{limiter.name}";r={verdict.remaining};t={ceil(verdict.reset_seconds)}'
            for limiter, verdict in met
        ]
    )
    return (b"ratelimit-policy", policies.encode()), (b"ratelimit", states.encode())


def _address(scope: Scope) -> str:
    client = scope.get("client")
    host: str = client[0] if client else ""
    return _subscriber(host) if ":" in host else host


@lru_cache(maxsize=10_000)
def _subscriber(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _IPV6_SUBSCRIBER), strict=False))


def _bearer(scope: Scope) -> int | None:
    # The first, for that is the one the service believes.
    for name, value in scope["headers"]:
        if name == b"authorization":
            # The hash, so that no token is kept; its key is this process's secret.
            return hash(value)
    return None
