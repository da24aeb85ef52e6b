"""What the process has for tokens: the key that signs, the keys that check, an outside issuer."""

from datetime import timedelta
from typing import Any

from fashion_kit.clock import Clock
from fashion_kit.tokens import (
    Identity,
    OutsideClaims,
    OutsideIssuer,
    OwnIssuer,
    TokenVerifier,
    issue_token,
    private_key_of,
    public_jwk,
    public_key_of,
)
from storefront.dependencies import Role
from storefront.settings import TokenSettings


def open_tokens(settings: TokenSettings, clock: Clock) -> dict[str, Any]:
    """Return the parts of the app's state that tokens need."""
    private_key = private_key_of(settings.token_private_key_file.read_bytes())
    former = [public_key_of(file.read_bytes()) for file in settings.token_former_public_key_files]
    public_keys = [private_key.public_key(), *former]
    # Where users come from elsewhere, we vouch only for guests and services.
    roles = {Role.ANONYMOUS, Role.SERVICE} if settings.token_issuer_url else None
    own = OwnIssuer(public_keys, clock=clock, roles=roles)
    return {
        "private_key": private_key,
        "jwks": [public_jwk(key) for key in public_keys],
        "verifier": TokenVerifier(own, _outside_issuer(settings, clock), clock=clock),
    }


def issue_service_token(
    settings: TokenSettings, name: str, lifetime: timedelta, *, clock: Clock
) -> str:
    """Return a token for another system of the shop."""
    private_key = settings.token_private_key_file.read_text()
    identity = Identity(name, Role.SERVICE)
    return issue_token(identity, private_key, now=clock(), lifetime=lifetime)


def _outside_issuer(settings: TokenSettings, clock: Clock) -> OutsideIssuer | None:
    if settings.token_issuer_url is None or settings.token_audience is None:
        return None
    expected = OutsideClaims(
        settings.token_issuer_url,
        settings.token_audience,
        settings.token_groups_claim,
        roles=(Role.ADMIN, Role.SERVICE),
    )
    default_url = f"{settings.token_issuer_url.rstrip('/')}/.well-known/jwks.json"
    return OutsideIssuer(expected, settings.token_jwks_url or default_url, clock=clock)
