"""Make the shop's tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Bring the schema to this step."""
    _create_products()
    _create_users()
    _create_carts()
    _create_cart_lines()
    _create_purchases()
    _create_purchase_lines()
    _create_stock_movements()
    _create_idempotency_keys()
    _create_outbox()


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("outbox")
    op.drop_table("idempotency_keys")
    op.drop_table("stock_movements")
    op.drop_table("purchase_lines")
    op.drop_table("purchases")
    op.drop_table("cart_lines")
    op.drop_table("carts")
    op.drop_table("users")
    op.drop_table("products")


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("id", mysql.INTEGER(unsigned=True), autoincrement=False, nullable=False),
        sa.Column("gender", sa.String(length=20), nullable=True),
        sa.Column("master_category", sa.String(length=40), nullable=True),
        sa.Column("sub_category", sa.String(length=40), nullable=True),
        sa.Column("article_type", sa.String(length=60), nullable=True),
        sa.Column("base_colour", sa.String(length=40), nullable=True),
        sa.Column("season", sa.String(length=20), nullable=True),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("usage", sa.String(length=40), nullable=True),
        sa.Column("product_display_name", sa.String(length=255), nullable=True),
        sa.Column("price", sa.DECIMAL(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.Column("updated_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.CheckConstraint("price > 0", name=op.f("ck_products_price_positive")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_products_stock_not_negative")),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
        **OPTIONS,
    )
    op.create_index("ix_products_article_type_id", "products", ["article_type", "id"], unique=False)
    op.create_index("ix_products_is_active_id", "products", ["is_active", "id"], unique=False)
    op.create_index("ix_products_sub_category_id", "products", ["sub_category", "id"], unique=False)


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.CHAR(length=26), nullable=False),
        sa.Column("username", sa.String(length=40), nullable=False),
        sa.Column("first_name", sa.String(length=80), nullable=False),
        sa.Column("last_name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("sex", sa.CHAR(length=1), nullable=True),
        sa.Column("birthdate", sa.Date(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.Column("updated_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        **OPTIONS,
    )


def _create_carts() -> None:
    op.create_table(
        "carts",
        sa.Column("id", sa.CHAR(length=26), nullable=False),
        sa.Column("user_id", sa.CHAR(length=26), nullable=False),
        sa.Column("created_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.Column("updated_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_carts_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_carts"),
        sa.UniqueConstraint("user_id", name="uq_carts_user_id"),
        **OPTIONS,
    )


def _create_cart_lines() -> None:
    op.create_table(
        "cart_lines",
        sa.Column("cart_id", sa.CHAR(length=26), nullable=False),
        sa.Column("product_id", mysql.INTEGER(unsigned=True), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.DECIMAL(precision=12, scale=2), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_cart_lines_quantity_positive")),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name="fk_cart_lines_cart_id"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_cart_lines_product_id"),
        sa.PrimaryKeyConstraint("cart_id", "product_id", name="pk_cart_lines"),
        **OPTIONS,
    )


def _create_purchases() -> None:
    op.create_table(
        "purchases",
        sa.Column("id", sa.CHAR(length=26), nullable=False),
        sa.Column("user_id", sa.CHAR(length=26), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("total", sa.DECIMAL(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("purchased_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.Column("updated_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.CheckConstraint("total > 0", name=op.f("ck_purchases_total_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_purchases_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_purchases"),
        **OPTIONS,
    )
    op.create_index("ix_purchases_purchased_at", "purchases", ["purchased_at"], unique=False)
    op.create_index("ix_purchases_user_id_id", "purchases", ["user_id", "id"], unique=False)


def _create_purchase_lines() -> None:
    op.create_table(
        "purchase_lines",
        sa.Column("purchase_id", sa.CHAR(length=26), nullable=False),
        sa.Column("line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_id", mysql.INTEGER(unsigned=True), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.DECIMAL(precision=12, scale=2), nullable=False),
        sa.Column("line_total", sa.DECIMAL(precision=12, scale=2), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_purchase_lines_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_purchase_lines_product_id"
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name="fk_purchase_lines_purchase_id"
        ),
        sa.PrimaryKeyConstraint("purchase_id", "line_number", name="pk_purchase_lines"),
        **OPTIONS,
    )


def _create_stock_movements() -> None:
    op.create_table(
        "stock_movements",
        sa.Column("id", mysql.BIGINT(unsigned=True), nullable=False),
        sa.Column("product_id", mysql.INTEGER(unsigned=True), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("purchase_id", sa.CHAR(length=26), nullable=True),
        sa.Column("moved_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_stock_movements_product_id"
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name="fk_stock_movements_purchase_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movements"),
        **OPTIONS,
    )
    op.create_index(
        "ix_stock_movements_product_id_id", "stock_movements", ["product_id", "id"], unique=False
    )


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.CHAR(length=26), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.CHAR(length=64), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("response_body", mysql.MEDIUMTEXT(), nullable=True),
        sa.Column("created_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
        **OPTIONS,
    )
    op.create_index(
        "ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("position", mysql.BIGINT(unsigned=True), nullable=False),
        sa.Column("event_id", sa.CHAR(length=26), nullable=False),
        sa.Column("partition_key", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", mysql.DATETIME(fsp=6), nullable=False),
        sa.Column("sent_at", mysql.DATETIME(fsp=6), nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
        **OPTIONS,
    )
    op.create_index("ix_outbox_sent_at_position", "outbox", ["sent_at", "position"], unique=False)
