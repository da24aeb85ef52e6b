"""The clean zone's tables, column by column: the exporter writes them, the analyst reads them.

Money is decimal(12, 2), never float. Instants are UTC with microseconds. `business_day` is the
partition of every daily table: the day, in the shop's own timezone, to which the row belongs.
"""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """The few types the lake needs; each engine maps them to its own."""

    STRING = "string"
    INT = "int"
    LONG = "bigint"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "timestamp"
    MONEY = "decimal(12,2)"


@dataclass(frozen=True)
class Column:
    """One column: its name, type, meaning, and whether it may be null."""

    name: str
    type: ColumnType
    doc: str
    required: bool = True


@dataclass(frozen=True)
class Table:
    """One table of the clean zone. Without a partition it is replaced whole each night."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: str | None = "business_day"


_BUSINESS_DAY = Column("business_day", ColumnType.DATE, "Day in the shop's timezone.")
_CURRENCY = Column("currency", ColumnType.STRING, "ISO 4217 code.")

PURCHASES = Table(
    "purchases",
    "One row for each purchase of the day.",
    (
        Column("id", ColumnType.STRING, "Purchase id, sortable by time."),
        Column("user_key", ColumnType.STRING, "Pseudonym of the buyer, stable over days."),
        Column("status", ColumnType.STRING, "State at the time of the load."),
        Column("subtotal", ColumnType.MONEY, "What its lines add up to.", required=False),
        Column("shipping", ColumnType.MONEY, "What bringing it costs.", required=False),
        Column("tax", ColumnType.MONEY, "Tax in, or on top of, the prices.", required=False),
        Column("total", ColumnType.MONEY, "What the buyer pays, shipping and tax included."),
        _CURRENCY,
        Column("line_count", ColumnType.INT, "How many lines it has."),
        Column("purchased_at", ColumnType.INSTANT, "When it was committed."),
        Column("updated_at", ColumnType.INSTANT, "When it last changed."),
        _BUSINESS_DAY,
    ),
    key=("id",),
)

PURCHASE_LINES = Table(
    "purchase_lines",
    "One row for each product in a purchase.",
    (
        Column("purchase_id", ColumnType.STRING, "The purchase it belongs to."),
        Column("line_number", ColumnType.INT, "Position in the purchase, from 1."),
        Column("user_key", ColumnType.STRING, "Pseudonym of the buyer."),
        Column("product_id", ColumnType.LONG, "The product bought."),
        Column("quantity", ColumnType.INT, "Units bought."),
        Column("unit_price", ColumnType.MONEY, "Price of one unit at that moment."),
        Column("line_total", ColumnType.MONEY, "quantity times unit_price."),
        _CURRENCY,
        Column("purchased_at", ColumnType.INSTANT, "When the purchase was committed."),
        _BUSINESS_DAY,
    ),
    key=("purchase_id", "line_number"),
)

PRODUCTS = Table(
    "products",
    "The catalogue as it stood at the latest load.",
    (
        Column("id", ColumnType.LONG, "Product id."),
        Column("gender", ColumnType.STRING, "For whom.", required=False),
        Column("master_category", ColumnType.STRING, "Widest category.", required=False),
        Column("sub_category", ColumnType.STRING, "Narrower category.", required=False),
        Column("article_type", ColumnType.STRING, "Kind of article.", required=False),
        Column("base_colour", ColumnType.STRING, "Main colour.", required=False),
        Column("season", ColumnType.STRING, "Season of the collection.", required=False),
        Column("year", ColumnType.INT, "Year of the collection.", required=False),
        Column("usage", ColumnType.STRING, "Occasion.", required=False),
        Column("product_display_name", ColumnType.STRING, "Name shown.", required=False),
        Column("price", ColumnType.MONEY, "Price at the load."),
        _CURRENCY,
        Column("stock", ColumnType.INT, "Units left at the load."),
        Column("is_active", ColumnType.BOOLEAN, "Whether it is on sale."),
        Column("updated_at", ColumnType.INSTANT, "When the row last changed."),
    ),
    key=("id",),
    partition=None,
)

USERS = Table(
    "users",
    "The shop's users without anything that names them.",
    (
        Column("user_key", ColumnType.STRING, "Pseudonym (keyed hash of the id)."),
        Column("sex", ColumnType.STRING, "M or F, as given.", required=False),
        Column("age_band", ColumnType.STRING, "Age at the load, as 25-34.", required=False),
        Column("city", ColumnType.STRING, "City of the address.", required=False),
        Column("country", ColumnType.STRING, "Country of the address.", required=False),
        Column("registered_at", ColumnType.INSTANT, "When the account was made."),
    ),
    key=("user_key",),
    partition=None,
)

EVENTS = Table(
    "events",
    "Every accepted event of the day, each event_id once.",
    (
        Column("event_id", ColumnType.STRING, "Made by the client, or by the outbox."),
        Column("type", ColumnType.STRING, "Canonical type."),
        Column("shopper_key", ColumnType.STRING, "Pseudonym of the user or anonymous shopper."),
        Column("is_anonymous", ColumnType.BOOLEAN, "Whether the shopper was not logged in."),
        Column("session_id", ColumnType.STRING, "Visit, as the client names it."),
        Column("product_id", ColumnType.LONG, "The product, if any.", required=False),
        Column("quantity", ColumnType.INT, "Units, if any.", required=False),
        Column("price", ColumnType.MONEY, "Price, if any.", required=False),
        Column("currency", ColumnType.STRING, "ISO 4217 code, if any.", required=False),
        Column("query", ColumnType.STRING, "Search text, if any.", required=False),
        Column("list_id", ColumnType.STRING, "List it was seen in, if any.", required=False),
        Column("list_position", ColumnType.INT, "Position in that list.", required=False),
        Column("recommendation_id", ColumnType.STRING, "Answer it came from.", required=False),
        Column("purchase_id", ColumnType.STRING, "Purchase, for purchase events.", required=False),
        Column("event_time", ColumnType.INSTANT, "When it happened, by the client's clock."),
        Column("received_at", ColumnType.INSTANT, "When the server took it."),
        _BUSINESS_DAY,
    ),
    key=("event_id",),
)

BAD_EVENTS = Table(
    "bad_events",
    "Every line of the day's deliveries that is no event; its text stays in the landing zone.",
    (
        Column("source_key", ColumnType.STRING, "Landing zone object it stands in."),
        Column("line_number", ColumnType.INT, "Its line there, from 1."),
        Column("reason", ColumnType.STRING, "Why it is no event; names nobody."),
        _BUSINESS_DAY,
    ),
    key=("source_key", "line_number"),
)

TABLES = (PURCHASES, PURCHASE_LINES, PRODUCTS, USERS, EVENTS, BAD_EVENTS)
