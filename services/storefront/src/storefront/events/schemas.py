"""What POST /events takes and answers, and what is kept of an event that was rejected."""

from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, Field

from fashion_contracts.events import ClientEvent

MAX_EVENTS: Final = 500
BAD_EVENT_SCHEMA: Final = "bad-event/1"


class EventBatch(BaseModel):
    """Up to 500 events of one client, each judged by itself."""

    events: Annotated[list[ClientEvent], Field(min_length=1, max_length=MAX_EVENTS)]
    access_token: Annotated[
        str | None,
        Field(description="Bearer token of one who cannot send headers, as sendBeacon cannot."),
    ] = None


class Verdict(BaseModel):
    """What became of one event."""

    index: int
    status: Literal["accepted", "rejected"]
    event_id: str | None = None
    reason: str | None = None


class EventReceipt(BaseModel):
    """What became of a batch. Accepted events are safe, rejected ones are kept."""

    accepted: int
    rejected: int
    verdicts: list[Verdict]


class BadEvent(BaseModel):
    """One line of the landing zone's `bad/`: what was sent, and what was wrong with it."""

    schema_: Annotated[Literal["bad-event/1"], Field(alias="schema")] = BAD_EVENT_SCHEMA
    reason: str
    raw: Any
    received_at: AwareDatetime
    owner: Annotated[
        str | None,
        Field(description="Whose bearer token it came with; a replay judges it as theirs."),
    ] = None


class SchemaLink(BaseModel):
    """One version of one schema, and where it is."""

    name: str
    version: int
    url: str


class SchemaList(BaseModel):
    """The schemas of what crosses the intake."""

    schemas: list[SchemaLink]


class EventCounts(BaseModel):
    """How many events this process has judged since it started or was reset."""

    total: int
    good: int
    bad: int
