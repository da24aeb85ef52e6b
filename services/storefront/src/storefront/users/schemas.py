"""What a user tells, and what a user is told."""

from datetime import date, datetime
from typing import Annotated, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PastDate,
    SecretStr,
    StringConstraints,
)
from pydantic.json_schema import SkipJsonSchema

from fashion_kit.etags import etag_of
from storefront.tokens.schemas import AnonymousToken

# Nobody's name or address has one; in exports and on labels they do harm.
CONTROL_CHARACTERS: Final = r"\x00-\x1f\x7f-\x9f"
CONTROL_CHARACTERS_IN_LINES: Final = r"\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f"


def _text(longest: int, forbidden: str = CONTROL_CHARACTERS) -> StringConstraints:
    return StringConstraints(
        strip_whitespace=True, min_length=1, max_length=longest, pattern=rf"^[^{forbidden}]*$"
    )


# Lower case throughout: `Ann` must not be able to pass for `ann`.
Username = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9._-]{3,40}$", strip_whitespace=True)
]
Email = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        strip_whitespace=True,
        max_length=254,
        pattern=rf"^[^@\s{CONTROL_CHARACTERS}]+@[^@\s{CONTROL_CHARACTERS}]+\.[^@\s{CONTROL_CHARACTERS}]+$",
    ),
]
Name = Annotated[str, _text(80)]


Phone = Annotated[str, _text(40)]
Address = Annotated[str, _text(255, CONTROL_CHARACTERS_IN_LINES)]
Sex = Literal["M", "F"]


def _written(value: object) -> object:
    # Pydantic would read a number as seconds since 1970.
    if not isinstance(value, str):
        raise ValueError("a date is written as YYYY-MM-DD")
    return value


Birthdate = Annotated[PastDate, BeforeValidator(_written), Field(ge=date(1900, 1, 1))]
NewPassword = Annotated[SecretStr, Field(min_length=8, max_length=128)]


class UserRegistration(BaseModel):
    """A new user."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    first_name: Name
    last_name: Name
    email: Email
    password: NewPassword
    phone: Phone | None = None
    address: Address | None = None
    sex: Sex | None = None
    birthdate: Birthdate | None = None
    anonymous_token: AnonymousToken = None


Value = TypeVar("Value")


def _not_null(value: Value | None) -> Value:
    if value is None:
        raise ValueError("cannot be taken away")
    return value


class ProfileChange(BaseModel):
    """What of an account shall be otherwise; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    first_name: Annotated[Name | SkipJsonSchema[None], AfterValidator(_not_null)] = None
    last_name: Annotated[Name | SkipJsonSchema[None], AfterValidator(_not_null)] = None
    email: Annotated[Email | SkipJsonSchema[None], AfterValidator(_not_null)] = None
    phone: Phone | None = None
    address: Address | None = None
    sex: Sex | None = None
    birthdate: Birthdate | None = None


class PasswordChange(BaseModel):
    """A new password, and the present one as proof."""

    model_config = ConfigDict(extra="forbid")

    current_password: SecretStr
    new_password: NewPassword


class AccountErasure(BaseModel):
    """The proof that an account's owner wants it gone."""

    model_config = ConfigDict(extra="forbid")

    password: SecretStr | None = None


class UserView(BaseModel):
    """A user as shown to that user and nobody else. Another issuer's user may have no name here."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    username: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    address: str | None
    sex: str | None
    birthdate: date | None
    created_at: datetime
    updated_at: datetime

    def etag(self) -> str:
        """Return the entity tag of this version."""
        return etag_of(f"{self.updated_at:%Y%m%d%H%M%S%f}")
