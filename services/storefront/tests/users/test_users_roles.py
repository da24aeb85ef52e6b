"""Granting a role: who is what from now on."""

import pytest
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.models import User
from storefront.users.roles import UnknownUsernameError, grant_role

pytestmark = pytest.mark.servers


def test_the_user_has_the_role(session: Session, user_id: str) -> None:
    assert grant_role(session, "asha", "admin", now=utc_now()) == "customer"
    user = session.get_one(User, user_id)
    assert user.role == "admin"
    assert user.updated_at > user.created_at


def test_an_unknown_user_gets_none(session: Session, user_id: str) -> None:
    with pytest.raises(UnknownUsernameError):
        grant_role(session, "nobody", "admin", now=utc_now())
