"""What keeps people unnamed in the lake: pseudonyms for ids, tidy text without addresses."""

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

PSEUDONYM_BYTES = 16
REMEMBERED_USERS = 200_000

_EMAIL = re.compile(r"\S+@\S+")
# Seven digits and more are a telephone or an account; sizes, years and prices are shorter.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s()./-]{0,2}\d){6,}")


class Pseudonyms:
    """Turns ids into keyed hashes: the same id, the same pseudonym; without the key, no way back.

    Users and anonymous shoppers are hashed apart, so that nobody becomes a user by choosing an id.
    """

    def __init__(self, secret: bytes) -> None:
        # BLAKE2b takes keys of up to 64 bytes; hashing the secret first allows any length.
        self._key = blake2b(secret).digest()
        # The same buyers come again and again, and asking is ten times as quick as hashing.
        self.of_user = lru_cache(REMEMBERED_USERS)(self._of_user)

    def _of_user(self, user_id: str) -> str:
        """Return the pseudonym of a user of the shop."""
        return self._hash(user_id, b"user")

    def of_anonymous(self, anonymous_id: str) -> str:
        """Return the pseudonym of a shopper who was not logged in."""
        return self._hash(anonymous_id, b"anonymous")

    def _hash(self, value: str, kind: bytes) -> str:
        digest = blake2b(value.encode(), digest_size=PSEUDONYM_BYTES, key=self._key, person=kind)
        return digest.hexdigest()


def text(value: str | None) -> str | None:
    """Return the text in one Unicode form with single blanks; nothing but blanks is a null."""
    if value is None:
        return None
    return " ".join(unicodedata.normalize("NFC", value).split()) or None


def search_text(value: str | None) -> str | None:
    """Return a search as analysts may see it: people paste e-mails and telephone numbers there."""
    tidy = text(value)
    if tidy is None:
        return None
    return _LONG_NUMBER.sub("[number]", _EMAIL.sub("[email]", tidy))
