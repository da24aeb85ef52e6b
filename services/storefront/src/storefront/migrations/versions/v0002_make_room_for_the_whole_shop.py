"""Make room for guests, payments, reservations, refresh tokens, audits, and lanes of the outbox.

What the version before wrote stays readable; columns that must not be null are filled first.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
MONEY: Any = sa.DECIMAL(precision=12, scale=2)
INSTANT = mysql.DATETIME(fsp=6)
ULID = sa.CHAR(length=26)
COUNTER = mysql.BIGINT(unsigned=True)
PRODUCT_ID = mysql.INTEGER(unsigned=True)
OUTBOX_LANES = 16


def upgrade() -> None:
    """Bring the schema to this step."""
    _change_products()
    _change_users()
    _change_carts()
    _change_purchases()
    _change_outbox()
    _create_product_changes()
    _create_purchase_transitions()
    _create_payments()
    _create_reservations()
    _create_refresh_tokens()


def downgrade() -> None:
    """Take this step back. Guests' carts and erased users have no place in the schema before."""
    for table in (
        "refresh_tokens",
        "reservation_lines",
        "reservations",
        "payments",
        "purchase_transitions",
        "product_changes",
        "outbox_lanes",
    ):
        op.drop_table(table)
    op.create_index("ix_outbox_sent_at_position", "outbox", ["sent_at", "position"])
    op.drop_index("ix_outbox_sent_at_lane_position", "outbox")
    op.drop_column("outbox", "lane")
    op.drop_index("ix_purchases_status_id", "purchases")
    for column in ("subtotal", "shipping", "tax"):
        op.drop_column("purchases", column)
    _restore_carts()
    _restore_users()
    for column in ("image_url", "units_sold"):
        op.drop_column("products", column)
    op.drop_index("ix_products_updated_at", "products")
    op.create_index("ix_products_article_type_id", "products", ["article_type", "id"])
    op.create_index("ix_products_is_active_id", "products", ["is_active", "id"])
    op.create_index("ix_products_sub_category_id", "products", ["sub_category", "id"])


def _counter(name: str, start: int, kind: Any = None) -> sa.Column[int]:
    return sa.Column(name, kind or sa.Integer(), server_default=sa.text(str(start)), nullable=False)


def _change_products() -> None:
    op.add_column("products", sa.Column("image_url", sa.String(length=512), nullable=True))
    op.add_column("products", _counter("units_sold", 0))
    op.execute(
        """
        UPDATE products SET units_sold = COALESCE(
            (SELECT SUM(l.quantity) FROM purchase_lines l WHERE l.product_id = products.id), 0)
        """
    )
    op.create_index("ix_products_updated_at", "products", ["updated_at"])
    # Lists come from the index in memory now, and each of these made every sale dearer.
    for name in ("article_type_id", "is_active_id", "sub_category_id"):
        op.drop_index(f"ix_products_{name}", "products")


def _change_users() -> None:
    for column, length in _NAMES.items():
        op.alter_column("users", column, existing_type=sa.String(length=length), nullable=True)
    op.add_column("users", sa.Column("erased_at", INSTANT, nullable=True))


_NAMES = {"username": 40, "first_name": 80, "last_name": 80, "email": 254, "password_hash": 255}


def _restore_users() -> None:
    op.drop_column("users", "erased_at")
    for column, length in _NAMES.items():
        op.execute(f"UPDATE users SET {column} = id WHERE {column} IS NULL")  # noqa: S608 - ours
        op.alter_column("users", column, existing_type=sa.String(length=length), nullable=False)


def _change_carts() -> None:
    op.alter_column("carts", "user_id", existing_type=ULID, nullable=True)
    op.add_column("carts", sa.Column("anonymous_id", sa.String(length=64), nullable=True))
    op.add_column("carts", _counter("version", 1))
    op.create_unique_constraint("uq_carts_anonymous_id", "carts", ["anonymous_id"])
    op.create_check_constraint(
        op.f("ck_carts_has_one_owner"), "carts", "(user_id IS NULL) <> (anonymous_id IS NULL)"
    )
    # Guests' carts that nobody has touched for long are found without reading the users'.
    op.create_index("ix_carts_user_id_updated_at", "carts", ["user_id", "updated_at"])


def _restore_carts() -> None:
    op.drop_index("ix_carts_user_id_updated_at", "carts")
    op.drop_constraint(op.f("ck_carts_has_one_owner"), "carts", type_="check")
    op.drop_constraint("uq_carts_anonymous_id", "carts", type_="unique")
    guests = "SELECT id FROM carts WHERE user_id IS NULL"
    op.execute(f"DELETE FROM cart_lines WHERE cart_id IN ({guests})")  # noqa: S608 - ours
    op.execute("DELETE FROM carts WHERE user_id IS NULL")
    op.drop_column("carts", "version")
    op.drop_column("carts", "anonymous_id")
    # The foreign key needs the index, and will not have its column changed below it.
    op.drop_constraint("fk_carts_user_id", "carts", type_="foreignkey")
    op.alter_column("carts", "user_id", existing_type=ULID, nullable=False)
    op.create_foreign_key("fk_carts_user_id", "carts", "users", ["user_id"], ["id"])


def _change_purchases() -> None:
    for column in ("subtotal", "shipping", "tax"):
        op.add_column("purchases", sa.Column(column, MONEY, nullable=True))
    op.execute("UPDATE purchases SET subtotal = total, shipping = 0, tax = 0")
    for column in ("subtotal", "shipping", "tax"):
        op.alter_column("purchases", column, existing_type=MONEY, nullable=False)
    op.create_index("ix_purchases_status_id", "purchases", ["status", "id"])


def _change_outbox() -> None:
    op.add_column("outbox", _counter("lane", 0, sa.SmallInteger()))
    op.execute(f"UPDATE outbox SET lane = MOD(CRC32(partition_key), {OUTBOX_LANES})")  # noqa: S608
    op.create_index("ix_outbox_sent_at_lane_position", "outbox", ["sent_at", "lane", "position"])
    op.drop_index("ix_outbox_sent_at_position", "outbox")
    lanes = op.create_table(
        "outbox_lanes",
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_outbox_lanes"),
        **OPTIONS,
    )
    op.bulk_insert(lanes, [{"lane": lane} for lane in range(OUTBOX_LANES)])


def _create_product_changes() -> None:
    op.create_table(
        "product_changes",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("product_id", PRODUCT_ID, nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_product_changes_product_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_product_changes"),
        **OPTIONS,
    )
    op.create_index("ix_product_changes_product_id_id", "product_changes", ["product_id", "id"])


def _create_purchase_transitions() -> None:
    op.create_table(
        "purchase_transitions",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("purchase_id", ULID, nullable=False),
        sa.Column("from_status", sa.String(length=20), nullable=False),
        sa.Column("to_status", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name="fk_purchase_transitions_purchase_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_purchase_transitions"),
        **OPTIONS,
    )
    op.create_index(
        "ix_purchase_transitions_purchase_id_id", "purchase_transitions", ["purchase_id", "id"]
    )


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", ULID, nullable=False),
        sa.Column("purchase_id", ULID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("provider_reference", sa.String(length=64), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchases.id"], name="fk_payments_purchase_id"),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        **OPTIONS,
    )
    op.create_index("ix_payments_purchase_id_id", "payments", ["purchase_id", "id"])
    op.create_index("ix_payments_status_updated_at", "payments", ["status", "updated_at"])


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", ULID, nullable=False),
        sa.Column("user_id", ULID, nullable=False),
        sa.Column("cart_id", ULID, nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_reservations_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reservations"),
        **OPTIONS,
    )
    op.create_index("ix_reservations_status_expires_at", "reservations", ["status", "expires_at"])
    op.create_index("ix_reservations_user_id_id", "reservations", ["user_id", "id"])
    op.create_table(
        "reservation_lines",
        sa.Column("reservation_id", ULID, nullable=False),
        sa.Column("product_id", PRODUCT_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", MONEY, nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_lines_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservations.id"], name="fk_reservation_lines_reservation_id"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_reservation_lines_product_id"
        ),
        sa.PrimaryKeyConstraint("reservation_id", "product_id", name="pk_reservation_lines"),
        **OPTIONS,
    )


def _create_refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.CHAR(length=64), nullable=False),
        sa.Column("family_id", ULID, nullable=False),
        sa.Column("user_id", ULID, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_refresh_tokens_user_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
        **OPTIONS,
    )
    for column in ("family_id", "user_id", "expires_at"):
        op.create_index(f"ix_refresh_tokens_{column}", "refresh_tokens", [column])
