"""Passwords: only their Argon2id hashes are ever kept."""

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, memory_kib: int, passes: int) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._nobodys = self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        """Return the password's hash, with its own salt and parameters inside."""
        return self._hasher.hash(password)

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Say whether it is the password; without a hash say no, after as long a time.

        Otherwise the time to the answer would tell which usernames exist.
        """
        try:
            self._hasher.verify(password_hash or self._nobodys, password)
        except VerificationError:
            return False
        return password_hash is not None
