"""A guest becomes a user: what the guest's token proves is taken over."""

from fashion_kit.errors import UnauthorizedError
from fashion_kit.logs import get_logger
from fashion_kit.tokens import OwnIssuer
from storefront.carts.merging import GuestMerge
from storefront.dependencies import Role

log = get_logger(__name__)


class Guests:
    """Takes over what guests did and chose, within the caller's transaction."""

    def __init__(self, merge: GuestMerge, issuer: OwnIssuer) -> None:
        self._merge = merge
        self._issuer = issuer

    def take_over(self, anonymous_token: str, user_id: str) -> bool:
        """Merge the guest into the user; return False, changing nothing, if the token is no good.

        Who logs in must not be kept out by a guest's token that has ended: the caller goes on.
        """
        try:
            guest = self._issuer.verify(anonymous_token).identity
        except UnauthorizedError:
            log.info("anonymous_token_ignored", user_id=user_id)
            return False
        if guest.role != Role.ANONYMOUS:
            log.info("anonymous_token_ignored", user_id=user_id)
            return False
        self._merge.merge(guest.user_id, user_id)
        return True
