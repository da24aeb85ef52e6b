"""What a user tells, and what a user is told."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PastDate, SecretStr, StringConstraints


def _text(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


# Lower case throughout: `Ann` must not be able to pass for `ann`.
Username = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9._-]{3,40}$", strip_whitespace=True)
]
Email = Annotated[
    str,
    StringConstraints(
        to_lower=True, strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    ),
]
Name = Annotated[str, _text(80)]


class UserRegistration(BaseModel):
    """A new user."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    first_name: Name
    last_name: Name
    email: Email
    password: Annotated[SecretStr, Field(min_length=8, max_length=128)]
    phone: Annotated[str, _text(40)] | None = None
    address: Annotated[str, _text(255)] | None = None
    sex: Literal["M", "F"] | None = None
    birthdate: Annotated[PastDate, Field(ge=date(1900, 1, 1))] | None = None


class UserView(BaseModel):
    """A user as shown to that user and nobody else."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    username: str
    first_name: str
    last_name: str
    email: str
    phone: str | None
    address: str | None
    sex: str | None
    birthdate: date | None
    created_at: datetime


class TokenView(BaseModel):
    """A bearer token (RFC 6749)."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token
    expires_in: int
