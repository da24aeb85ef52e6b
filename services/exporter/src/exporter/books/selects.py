"""What is read of each table of the books, and nothing else.

Nothing that names a person is selected: of a birthday the age, of an address its last two parts.
The exporter's database user has a right to these columns only.
"""

import pyarrow as pa

from exporter.books.fingerprints import MIXED
from exporter.books.pages import Children, Field, Select

ID = pa.string()
MONEY = pa.decimal128(12, 2)
INSTANT = pa.timestamp("us")

PURCHASES = Select(
    table="purchases",
    key="t.id",
    condition="t.purchased_at >= %(start)s AND t.purchased_at < %(end)s",
    fields=(
        Field("id", ID),
        Field("user_id", ID),
        Field("status", pa.string()),
        Field("subtotal", MONEY),
        Field("shipping", MONEY),
        Field("tax", MONEY),
        Field("total", MONEY),
        Field("currency", pa.string()),
        Field("purchased_at", INSTANT),
        Field("updated_at", INSTANT),
    ),
    sums=("subtotal", "shipping", "tax", "total"),
    mixed=MIXED,
)

_LINE_FIELDS = (
    Field("purchase_id", ID),
    Field("line_number", pa.int32()),
    Field("product_id", pa.int64()),
    Field("quantity", pa.int32()),
    Field("unit_price", MONEY),
    Field("line_total", MONEY),
)
_LINE_SUMS = ("quantity", "line_total")
LINES = Children(
    all=Select("purchase_lines", "t.purchase_id", _LINE_FIELDS, sums=_LINE_SUMS),
    own=Select(
        "purchase_lines",
        "t.purchase_id",
        _LINE_FIELDS,
        "EXISTS (SELECT 1 FROM purchases p WHERE p.id = t.purchase_id"
        " AND p.purchased_at >= %(start)s AND p.purchased_at < %(end)s)",
        _LINE_SUMS,
        order="t.purchase_id, t.line_number",
    ),
)

PRODUCTS = Select(
    table="products",
    key="t.id",
    fields=(
        Field("id", pa.int64()),
        Field("gender", pa.string(), nullable=True),
        Field("master_category", pa.string(), nullable=True),
        Field("sub_category", pa.string(), nullable=True),
        Field("article_type", pa.string(), nullable=True),
        Field("base_colour", pa.string(), nullable=True),
        Field("season", pa.string(), nullable=True),
        Field("year", pa.int32(), nullable=True),
        Field("usage", pa.string(), nullable=True),
        Field("product_display_name", pa.string(), nullable=True),
        Field("price", MONEY),
        Field("currency", pa.string()),
        Field("stock", pa.int32()),
        Field("is_active", pa.bool_()),
        Field("updated_at", INSTANT),
    ),
    sums=("price", "stock"),
)

USERS = Select(
    table="users",
    key="t.id",
    fields=(
        Field("id", ID),
        Field("sex", pa.string(), nullable=True),
        Field("age", pa.int32(), "TIMESTAMPDIFF(YEAR, birthdate, %(day)s)", nullable=True),
        # Street, perhaps more, city, country: what has fewer parts is not known to have a country.
        Field(
            "place",
            pa.string(),
            "IF(address LIKE '%%,%%,%%', SUBSTRING_INDEX(address, ',', -2), NULL)",
            nullable=True,
        ),
        Field("created_at", INSTANT),
    ),
)
