"""The keys that tokens are signed with, and the form in which they are published."""

from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt.utils import base64url_encode
from pydantic import BaseModel

ALGORITHM: Final = "EdDSA"

# Either PEM text or the parsed key: who checks many tokens parses once.
PrivateKey = str | Ed25519PrivateKey
PublicKey = str | Ed25519PublicKey


class JsonWebKey(BaseModel):
    """One Ed25519 public key (RFC 8037), named by its thumbprint (RFC 7638)."""

    kty: str = "OKP"
    crv: str = "Ed25519"
    x: str
    kid: str
    use: str = "sig"
    alg: str = ALGORITHM


def private_key_of(key: PrivateKey | bytes) -> Ed25519PrivateKey:
    """Return the parsed key; raise TypeError if it is of another kind."""
    if isinstance(key, Ed25519PrivateKey):
        return key
    parsed = load_pem_private_key(key.encode() if isinstance(key, str) else key, password=None)
    if not isinstance(parsed, Ed25519PrivateKey):
        raise TypeError("the token key must be an Ed25519 key")
    return parsed


def public_key_of(key: PublicKey | bytes) -> Ed25519PublicKey:
    """Return the parsed key; raise TypeError if it is of another kind."""
    if isinstance(key, Ed25519PublicKey):
        return key
    parsed = load_pem_public_key(key.encode() if isinstance(key, str) else key)
    if not isinstance(parsed, Ed25519PublicKey):
        raise TypeError("the token key must be an Ed25519 key")
    return parsed


def key_id(key: Ed25519PublicKey) -> str:
    """Return the key's thumbprint after RFC 7638."""
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{_x(key)}"}}'
    return base64url_encode(sha256(canonical.encode()).digest()).decode()


def public_jwk(key: Ed25519PublicKey) -> JsonWebKey:
    """Return the key as it is published."""
    return JsonWebKey(x=_x(key), kid=key_id(key))


def _x(key: Ed25519PublicKey) -> str:
    return base64url_encode(key.public_bytes_raw()).decode()
