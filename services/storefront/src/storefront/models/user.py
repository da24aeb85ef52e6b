"""The shop's users."""

from datetime import date

from sqlalchemy import CHAR, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import Base, Instant, Ulid


class User(Base):
    """A registered shopper. Name, e-mail, phone and address never leave this table.

    An erased user keeps the row, for the books refer to it, and nothing that tells who it was. A
    user of an outside issuer has no password here, and no name unless they gave one.
    """

    __tablename__ = "users"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    username: Mapped[str | None] = mapped_column(String(40), unique=True)
    first_name: Mapped[str | None] = mapped_column(String(80))
    last_name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(255))
    sex: Mapped[str | None] = mapped_column(CHAR(1))
    birthdate: Mapped[date | None]
    role: Mapped[str] = mapped_column(String(20), default="customer")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    erased_at: Mapped[Instant | None]
