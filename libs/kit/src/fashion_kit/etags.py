"""Entity tags (RFC 9110): readers learn what has not changed, writers never undo one another."""

from typing import Annotated

from fastapi import Header

from fashion_kit.errors import PreconditionFailedError, PreconditionRequiredError

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag of the version that the change is meant for."),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="An ETag already known: 304 if it still holds."),
]


class ChangedMeanwhileError(PreconditionFailedError):
    """Raised when the thing is no longer the version that the caller wants to change."""

    def __init__(self, etag: str) -> None:
        super().__init__("It has changed since you read it. Read it again.", etag=etag)


class MissingIfMatchError(PreconditionRequiredError):
    """Raised when a change does not say which version it is meant for."""

    def __init__(self) -> None:
        super().__init__("This needs an If-Match header with the ETag of what is to be changed.")


def etag_of(*parts: object) -> str:
    """Return the strong entity tag of a version."""
    return '"{}"'.format("-".join(map(str, parts)))


def matches(header: str, etag: str) -> bool:
    """Say whether the header names the entity tag, or `*`; a weak one counts as well."""
    known = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in known or etag in known


def check_match(if_match: str | None, etag: str, *, is_required: bool = False) -> None:
    """Raise unless the change is meant for the version there is.

    Raises ChangedMeanwhileError if it is meant for another, and MissingIfMatchError if it must say
    and does not.
    """
    if if_match is None:
        if is_required:
            raise MissingIfMatchError
    elif not matches(if_match, etag):
        raise ChangedMeanwhileError(etag)
