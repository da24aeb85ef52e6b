"""What is asked for a token, and what is given."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr

from fashion_kit.tokens import JsonWebKey

AnonymousToken = Annotated[
    SecretStr | None,
    Field(description="A guest's token: what the guest did and chose becomes the user's."),
]


class TokenForm(BaseModel):
    """A request for tokens (RFC 6749): with a password, or with a refresh token."""

    grant_type: Annotated[str, Field(description="`password` or `refresh_token`.")] = "password"
    username: str = ""
    password: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    anonymous_token: AnonymousToken = None


class TokenView(BaseModel):
    """What opens an account: a bearer token, and what is exchanged for the next (RFC 6749)."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token
    expires_in: int
    refresh_token: str


class RevocationForm(BaseModel):
    """A refresh token that shall hold no longer (RFC 7009)."""

    token: SecretStr


class GuestView(BaseModel):
    """A new guest: an id for events and a cart, and the token that proves it."""

    anonymous_id: str
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token
    expires_in: int


class GuestMergeRequest(BaseModel):
    """A guest who turns out to be the bearer."""

    anonymous_token: SecretStr


class JsonWebKeySet(BaseModel):
    """The keys that check our tokens (RFC 7517)."""

    keys: list[JsonWebKey]
