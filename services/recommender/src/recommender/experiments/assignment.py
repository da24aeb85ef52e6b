"""Which way of ranking a shopper gets: the same at every visit, and remembered nowhere."""

from enum import StrEnum
from hashlib import sha256
from typing import Final

from recommender.settings import Experiment

_BYTES: Final = 8
_ALL: Final = 2 ** (8 * _BYTES)


class Variant(StrEnum):
    """One of the two ways of ranking."""

    CONTROL = "control"
    TREATMENT = "treatment"


def variant_of(experiment: Experiment, shopper_id: str) -> Variant:
    """Return the shopper's variant.

    The name is hashed along, so that who is in one experiment says nothing of another. A greater
    share takes shoppers in and puts none out.
    """
    digest = sha256(f"{experiment.name}.{shopper_id}".encode()).digest()
    place = int.from_bytes(digest[:_BYTES], "big")
    return Variant.TREATMENT if place < experiment.share * _ALL else Variant.CONTROL
