"""Who is asking, and how long the proof of it holds."""

from dataclasses import dataclass
from typing import Final, NamedTuple

ISSUER: Final = "fashion-store"


@dataclass(frozen=True)
class Identity:
    """Who is asking."""

    user_id: str
    role: str = "customer"
    issuer: str = ISSUER
    """Who says so: we ourselves, or the outside issuer's URL."""


class Verified(NamedTuple):
    """What a good token says, and the second (since 1970) at which it ends."""

    identity: Identity
    until: float
