"""When people come who do not wait for one another: a Poisson process, seeded."""

from collections.abc import Iterator
from random import Random


def poisson_arrivals(rate: float, seconds: float, rng: Random) -> Iterator[float]:
    """Yield the times within `seconds` at which people come, `rate` a second on average.

    How long the shop takes over the ones before changes nothing about it (an open model).
    """
    at = rng.expovariate(rate)
    while at < seconds:
        yield at
        at += rng.expovariate(rate)
