"""The judgement on one event: whether it is good, whose it is, and when it happened."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from fashion_contracts.events import SERVER_TYPES, Interaction
from fashion_kit.ids import IdFactory
from fashion_kit.tokens import Identity
from storefront.dependencies import Role

# Only the server says these.
SERVER_FIELDS: Final = frozenset({"received_at", "client_time", "purchase_id"})
# The prefix keeps strangers out of a user's history: no user's id looks like this.
ANONYMOUS_PREFIX: Final = "anon-"
ANONYMOUS_ID: Final = re.compile(r"anon-[A-Za-z0-9-]{8,58}")
# What leads to a person, a browser or another event. None of it is kept without consent.
IDENTIFYING_FIELDS: Final = frozenset(
    {
        "user_id",
        "anonymous_id",
        "session_id",
        "recommendation_id",
        "page",
        "context",
        "traceparent",
    }
)

_interaction: Final = TypeAdapter(Interaction)
_bool: Final = TypeAdapter(bool)


class RejectedEvent(Exception):  # noqa: N818 - a verdict, not a failure
    """Raised when one event is not good; the rest of its batch goes on."""


@dataclass(frozen=True)
class Judge:
    """Judges events by the contract's model."""

    clock_tolerance: timedelta
    new_id: IdFactory

    def judge(
        self,
        raw: Any,
        identity: Identity | None,
        received_at: datetime,
        traceparent: str | None = None,
    ) -> Interaction:
        """Return the event with its true shopper and its true time, or raise RejectedEvent.

        The traceparent is the request's; an event that brings its own keeps that.
        """
        if not isinstance(raw, dict):
            raise RejectedEvent("an event is a JSON object")
        if forged := sorted(SERVER_FIELDS & raw.keys()):
            raise RejectedEvent(f"{forged[0]}: only the server says this")
        if refuses_consent(raw):
            owner = self._nobody()
            raw = without_identity(raw)
        else:
            owner = _owner(raw, identity)
            if traceparent is not None and raw.get("traceparent") is None:
                owner["traceparent"] = traceparent
        try:
            event = _interaction.validate_python({**raw, **owner, "received_at": received_at})
        except ValidationError as error:
            raise RejectedEvent(_reason(error)) from error
        if event.type in SERVER_TYPES:
            raise RejectedEvent(f"{event.type}: only the server sends this")
        return self._timed(event)

    def _nobody(self) -> dict[str, str]:
        # New for each event, so that no two of them can be put together.
        return {
            name: f"{ANONYMOUS_PREFIX}{self.new_id()}" for name in ("anonymous_id", "session_id")
        }

    def _timed(self, event: Interaction) -> Interaction:
        try:
            happened_at = true_time(
                event.event_time, event.sent_at, event.received_at, self.clock_tolerance
            )
        except OverflowError as error:
            raise RejectedEvent("sent_at: is ages away from event_time") from error
        if happened_at == event.event_time:
            return event
        return event.model_copy(update={"event_time": happened_at, "client_time": event.event_time})


def true_time(
    event_time: datetime, sent_at: datetime | None, received_at: datetime, tolerance: timedelta
) -> datetime:
    """Return when the event happened by our clock; raise OverflowError if no calendar has it.

    The client's clock was at `sent_at` when ours was at `received_at`, but for the way in between.
    If they differ by more than the tolerance, the clock is off, and what counts is how long before
    its sending the event happened. An event that waited in a client with a right clock keeps its
    time. Nothing happened after we heard of it.
    """
    if sent_at is not None and abs(received_at - sent_at) > tolerance:
        event_time = received_at - (sent_at - event_time)
    return min(event_time, received_at)


def refuses_consent(raw: Mapping[str, Any]) -> bool:
    """Say whether the event must not be anybody's: unless it says nothing, or yes."""
    consent = raw.get("consent")
    if consent is None:
        return False
    try:
        return not _bool.validate_python(consent)
    except ValidationError:
        return True


def without_identity(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event without what leads to a person."""
    return {name: value for name, value in raw.items() if name not in IDENTIFYING_FIELDS}


def _owner(raw: Mapping[str, Any], identity: Identity | None) -> dict[str, str]:
    user_id = raw.get("user_id")
    anonymous_id = raw.get("anonymous_id")
    if anonymous_id is not None and not (
        isinstance(anonymous_id, str) and ANONYMOUS_ID.fullmatch(anonymous_id)
    ):
        raise RejectedEvent("anonymous_id: must be anon- and 8 to 58 letters, digits or hyphens")
    if identity is not None and identity.role != Role.ANONYMOUS:
        if user_id not in (None, identity.user_id):
            raise RejectedEvent("user_id: is not the bearer's")
        return {"user_id": identity.user_id}
    if user_id is not None:
        raise RejectedEvent("user_id: needs that user's bearer token")
    if identity is None:
        return {}
    if anonymous_id not in (None, identity.user_id):
        raise RejectedEvent("anonymous_id: is not the bearer's")
    return {"anonymous_id": identity.user_id}


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
