"""Random numbers that belong to a product: the same for a seed, whatever is drawn before or after.

A sequence of draws would give a product another price as soon as a row above it came or went.
"""

from hashlib import blake2b
from statistics import NormalDist

_BYTES = 6
_NUMBERS = 1 << 8 * _BYTES
_STANDARD_NORMAL = NormalDist()


def uniform(purpose: str, *, seed: int, product_id: int) -> float:
    """Return the product's number in the open interval (0, 1) for this purpose."""
    text = f"{purpose}:{seed}:{product_id}"
    digest = blake2b(text.encode(), digest_size=_BYTES).digest()
    return (int.from_bytes(digest) + 0.5) / _NUMBERS


def standard_normal(purpose: str, *, seed: int, product_id: int) -> float:
    """Return the product's draw from the standard normal distribution for this purpose."""
    return _STANDARD_NORMAL.inv_cdf(uniform(purpose, seed=seed, product_id=product_id))
