"""Whose token it is: checked once in a process, then remembered until the token ends."""

from collections import OrderedDict

from fashion_kit.clock import Clock
from fashion_kit.tokens.claims import read_key_id
from fashion_kit.tokens.identity import Identity, Verified
from fashion_kit.tokens.outside import OutsideIssuer
from fashion_kit.tokens.signing import OwnIssuer


class TokenVerifier:
    """Checks tokens of ours and, if there is one, of an outside issuer.

    A signature costs some hundred microseconds, and a shopper comes with the same token again and
    again. Only what held is remembered, so a stranger cannot fill the memory.
    """

    def __init__(
        self,
        own: OwnIssuer,
        outside: OutsideIssuer | None = None,
        *,
        clock: Clock,
        entries: int = 10_000,
    ) -> None:
        self.own = own
        self._outside = outside
        self._clock = clock
        self._entries = entries
        self._known: OrderedDict[str, Verified] = OrderedDict()

    async def identify(self, token: str) -> Identity:
        """Return who the token says is asking; raise InvalidTokenError if it does not hold."""
        known = self._known.get(token)
        if known is not None and self._clock().timestamp() < known.until:
            return known.identity
        verified = await self._verify(token)
        self._known.pop(token, None)
        if len(self._known) >= self._entries:
            self._known.popitem(last=False)
        self._known[token] = verified
        return verified.identity

    async def _verify(self, token: str) -> Verified:
        if self._outside is None or self.own.knows(read_key_id(token)):
            return self.own.verify(token)
        return await self._outside.verify(token)
