"""The interaction event: what a website sends, and what the stream and the lake carry.

ClientEvent   what POST /events accepts, checked
Interaction   the same, stamped by the server; the stream's record and the landing zone's line
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

SCHEMA: Final = "interaction/1"


class EventType(StrEnum):
    """What a shopper did."""

    PAGE_VIEW = "page_view"
    PRODUCT_VIEW = "product_view"
    LIST_VIEW = "list_view"
    LIST_CLICK = "list_click"
    SEARCH = "search"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    BEGIN_CHECKOUT = "begin_checkout"
    PURCHASE = "purchase"
    REFUND = "refund"
    IDENTIFY = "identify"
    ERASE = "erase"


# Money moved only when the books say so, a guest is a user only when both proved it, and only who
# knows the password has an account erased: these come from the outbox, never from a client.
SERVER_TYPES: Final = frozenset(
    {EventType.PURCHASE, EventType.REFUND, EventType.IDENTIFY, EventType.ERASE}
)
PRODUCT_TYPES: Final = frozenset(
    {
        EventType.PRODUCT_VIEW,
        EventType.LIST_CLICK,
        EventType.ADD_TO_CART,
        EventType.REMOVE_FROM_CART,
        EventType.PURCHASE,
        EventType.REFUND,
    }
)

# Names of the same acts elsewhere: the workshop, GA4, Snowplow's ecommerce actions, Personalize.
ALIASES: Final[dict[str, EventType]] = {
    "view_item": EventType.PRODUCT_VIEW,
    "view": EventType.PRODUCT_VIEW,
    "click": EventType.PRODUCT_VIEW,
    "detail-view": EventType.PRODUCT_VIEW,
    "select_item": EventType.LIST_CLICK,
    "view_item_list": EventType.LIST_VIEW,
    "list-view": EventType.LIST_VIEW,
    "view_search_results": EventType.SEARCH,
    "remove-from-cart": EventType.REMOVE_FROM_CART,
    "add-to-cart": EventType.ADD_TO_CART,
    "checkout_step": EventType.BEGIN_CHECKOUT,
    "pageview": EventType.PAGE_VIEW,
    "View": EventType.PRODUCT_VIEW,
    "AddToCart": EventType.ADD_TO_CART,
    "StartCheckout": EventType.BEGIN_CHECKOUT,
    "Search": EventType.SEARCH,
}


def _canonical_type(value: object) -> object:
    return ALIASES.get(value, value) if isinstance(value, str) else value


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the instant is outside the years 1 to 9999 in UTC") from error


Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")
]
ShortText = Annotated[str, StringConstraints(max_length=256)]
Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
ProductId = Annotated[int, Field(ge=1, lt=2**32)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ListPosition(BaseModel):
    """Where in which list the shopper saw the product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    position: Annotated[int, Field(ge=0, lt=100_000)]


class Page(BaseModel):
    """The page the event happened on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, StringConstraints(max_length=2048)]
    referrer: Annotated[str, StringConstraints(max_length=2048)] | None = None


class Context(BaseModel):
    """The browser the event came from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_agent: Annotated[str, StringConstraints(max_length=512)] | None = None
    locale: Annotated[str, StringConstraints(max_length=35)] | None = None


class ClientEvent(BaseModel):
    """One act of a shopper, as a website sends it.

    `event_id` is made by the client and kept when it retries; that is what makes a retry harmless.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)

    event_id: Identifier
    schema_: Annotated[Literal["interaction/1"], Field(alias="schema")] = SCHEMA
    type: Annotated[EventType, BeforeValidator(_canonical_type)]
    user_id: Identifier | None = None
    anonymous_id: Identifier | None = None
    session_id: Identifier
    product_id: ProductId | None = None
    quantity: Annotated[int, Field(ge=1, le=1000)] | None = None
    price: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None
    currency: Currency | None = None
    query: ShortText | None = None
    list: ListPosition | None = None
    recommendation_id: Identifier | None = None
    event_time: Instant
    sent_at: Instant | None = None
    page: Page | None = None
    consent: bool | None = None
    context: Context | None = None
    traceparent: Annotated[str, StringConstraints(max_length=55)] | None = None

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        if self.type in PRODUCT_TYPES and self.product_id is None:
            raise ValueError(f"{self.type} needs a product_id")
        if self.type is EventType.SEARCH and not self.query:
            raise ValueError("search needs a query")
        return self


class Interaction(ClientEvent):
    """One act of a shopper, stamped by the server: the record on the stream and in the lake."""

    received_at: Instant
    client_time: Instant | None = None
    """The client's `event_time`, where the server put its own time in that place."""
    purchase_id: Identifier | None = None

    @model_validator(mode="after")
    def _belongs_to_somebody(self) -> Self:
        if self.user_id is None and self.anonymous_id is None:
            raise ValueError("an event needs a user_id or an anonymous_id")
        return self

    @property
    def shopper_id(self) -> str:
        """Return whose event it is: the partition key, and the key of the shopper's picks."""
        shopper_id = self.user_id or self.anonymous_id
        if shopper_id is None:
            raise ValueError("an event needs a user_id or an anonymous_id")
        return shopper_id

    def to_record(self) -> bytes:
        """Return one line of JSON in UTF-8 with its newline, as stream and lake keep it."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n"

    @classmethod
    def from_record(cls, record: bytes | str) -> Self:
        """Read one stream record or landing zone line; raise pydantic's ValidationError if bad."""
        return cls.model_validate_json(record)

    @classmethod
    def stamped(cls, event: ClientEvent, received_at: datetime, **identity: Any) -> Self:
        """Return the client's event with the server's time and, where given, the true identity."""
        return cls.model_validate(
            {**event.model_dump(by_alias=True), **identity, "received_at": received_at}
        )
