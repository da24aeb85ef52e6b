"""Roles: how somebody becomes one of the shop's people. No request can do it; a command does."""

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_kit.errors import NotFoundError
from fashion_kit.logs import get_logger
from storefront.models import User

GrantedRole = Literal["admin", "service", "customer"]

log = get_logger(__name__)


class UnknownUsernameError(NotFoundError):
    """Raised when nobody has the username."""

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no user {username!r}.")


def grant_role(session: Session, username: str, role: GrantedRole, *, now: datetime) -> str:
    """Give the user the role and return the one before; it holds from their next token on."""
    statement = select(User).where(User.username == username.strip().lower()).with_for_update()
    user = session.scalar(statement)
    if user is None:
        raise UnknownUsernameError(username)
    before = user.role
    if before != role:
        user.role = role
        user.updated_at = now
    log.info("role_granted", user_id=user.id, role=role, role_before=before)
    return before
