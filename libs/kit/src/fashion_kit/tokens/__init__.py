"""Bearer tokens: signed with a private key by the one who issues, checked with the public one."""

from fashion_kit.tokens.claims import InvalidTokenError
from fashion_kit.tokens.identity import ISSUER, Identity, Verified
from fashion_kit.tokens.keys import JsonWebKey, key_id, private_key_of, public_jwk, public_key_of
from fashion_kit.tokens.outside import (
    IssuerUnavailableError,
    OutsideClaims,
    OutsideIssuer,
    user_id_of,
)
from fashion_kit.tokens.signing import OwnIssuer, issue_token, verify_token
from fashion_kit.tokens.verifier import TokenVerifier

__all__ = [
    "ISSUER",
    "Identity",
    "InvalidTokenError",
    "IssuerUnavailableError",
    "JsonWebKey",
    "OutsideClaims",
    "OutsideIssuer",
    "OwnIssuer",
    "TokenVerifier",
    "Verified",
    "issue_token",
    "key_id",
    "private_key_of",
    "public_jwk",
    "public_key_of",
    "user_id_of",
    "verify_token",
]
