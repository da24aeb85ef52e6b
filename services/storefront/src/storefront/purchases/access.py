"""Whose purchases a bearer may reach."""

from collections.abc import Collection
from typing import Final

from fashion_kit.tokens import Identity
from storefront.dependencies import Role

STAFF: Final = frozenset({Role.ADMIN, Role.SERVICE})


def reach_of(identity: Identity, all_for: Collection[str] = STAFF) -> str | None:
    """Return the only buyer whose purchases the bearer may reach; None for everybody's."""
    return None if identity.role in all_for else identity.user_id
