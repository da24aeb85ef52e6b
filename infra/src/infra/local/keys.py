"""The secrets of one machine: made at the first start, kept in the state folder, never in git."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@dataclass(frozen=True)
class Keys:
    """Where the keys lie: the storefront signs tokens, the recommender checks them."""

    token_private: Path
    token_public: Path
    pseudonym: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "Keys":
        """Return the folder's keys, making those that are not there yet."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys = cls(folder / "token.pem", folder / "token.pub.pem", folder / "pseudonym.key")
        if not keys.token_private.exists():
            private = Ed25519PrivateKey.generate()
            public = private.public_key()
            _write_secret(
                keys.token_private,
                private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            )
            keys.token_public.write_bytes(
                public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            )
        if not keys.pseudonym.exists():
            _write_secret(keys.pseudonym, secrets.token_hex(32).encode())
        return keys


def _write_secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
