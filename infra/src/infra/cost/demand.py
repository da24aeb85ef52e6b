"""What a shop is asked for at a rate of requests, and what its parts can bear."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from infra.stages import PROD

RATES: Final = (10, 100, 1_000, 10_000)

# Shares of requests, counted on a crowd of the shopper bot (695 visits, 14,886 requests).
EVENT_REQUESTS: Final = 0.31
EVENTS_A_REQUEST: Final = 0.72
"""Events in all requests together: a request of events brings between one and five."""
PICKS_REQUESTS: Final = 0.12
PURCHASES: Final = 0.005
LOGINS: Final = 0.054
"""Registrations and logins: each costs a password hash."""

EVENT_BYTES: Final = 700
EVENT_BYTES_PACKED: Final = 120
"""One event's share of a compressed object, or of the clean zone."""
LOG_BYTES_A_REQUEST: Final = 60
NAT_BYTES_A_REQUEST: Final = 200
SPOOL_GB: Final = 10
SECRETS: Final = 7
"""Four logins, two token keys and the pseudonyms' key (docs/deploy.md)."""
LINES_A_PURCHASE: Final = 2
CLEAN_MONTHS: Final = 12
"""The clean zone keeps events for good: what a year of them takes."""
LAKE_SHARE_SCANNED: Final = 100 / 30
"""How much of a month's events Athena reads in a month: a hundred questions about a day each."""
REFRESHING_SHARE: Final = 0.1
"""Of the time, how much a refresh runs."""
NIGHT_HOURS: Final = 6
"""The load must have ended when the manager comes."""
ANSWER_BYTES: Final = 4_000
SHOPPERS_A_REQUEST_RATE: Final = 20_000
"""How many shoppers' items there are, of 1 KB, for one request a second."""
INTERACTIONS_A_WRITE: Final = 1.0
"""One event is one read and one write of at most 1 KB (decision 0004)."""
LAMBDA_SECONDS_AN_EVENT: Final = 0.002
"""An estimate: 0.6 ms of a whole processor (decision 0015), the function has about half of one, and
it waits for the table."""
BATCH: Final = 25
"""Records of one invocation, on average, once the stream is busy."""
MEAN_LOAD: Final = 0.4
"""A month's mean as a share of the busiest hour, for which everything is sized."""


@dataclass(frozen=True)
class Database:
    """An instance, what it has, and how many purchases a second it commits."""

    instance: str
    vcpus: int
    purchases_per_second: int
    storage_gb: int


DATABASES: Final = (
    Database("r8g.large", 2, 200, 100),
    Database("r8g.2xlarge", 8, 800, 500),
    Database("r8g.8xlarge", 32, 3_000, 2_000),
)
"""Estimates: two cores of one machine committed some 500 purchases a second; half of that is taken
for a network between them."""

STOREFRONT_REQUESTS: Final = PROD.storefront.requests_per_target / 60
"""What one task serves in a second before there are more of them."""
RECOMMENDER_REQUESTS: Final = PROD.recommender.requests_per_target / 60
RELAYED_EVENTS: Final = 2_000
"""Purchase events that one relay sends in a second."""
KINESIS_ON_DEMAND_MB: Final = 200
"""What a stream on demand takes in a second without asking AWS for more."""
LAMBDA_EVENTS_A_SHARD: Final = 1_000
"""A shard takes a thousand records a second, and one batch of it is folded at a time."""
DYNAMODB_UNITS: Final = 40_000
"""Reads or writes a second of a table on demand, by default."""
# What a night's load or a model build works through in a second, by `make bench`.
LINES_LOADED: Final = 150_000
EVENTS_LOADED: Final = 25_000
EVENTS_LEARNT: Final = 400_000
DAYS_LEARNT: Final = 30
BALANCER_CONNECTIONS: Final = 100_000


@dataclass(frozen=True)
class Demand:
    """What comes in a second, in the busiest hour."""

    rate: float

    @property
    def events(self) -> float:
        """Return the events taken."""
        return self.rate * EVENTS_A_REQUEST

    @property
    def purchases(self) -> float:
        """Return the purchases."""
        return self.rate * PURCHASES

    @property
    def picks(self) -> float:
        """Return the requests for recommendations."""
        return self.rate * PICKS_REQUESTS

    @property
    def storefront(self) -> float:
        """Return all other requests."""
        return self.rate - self.picks

    @property
    def database(self) -> Database:
        """Return the smallest instance that commits the purchases, or the largest there is."""
        fitting = (each for each in DATABASES if each.purchases_per_second >= self.purchases)
        return next(fitting, DATABASES[-1])

    @property
    def storefront_tasks(self) -> int:
        """Return how many tasks serve the storefront, however many may be started."""
        return max(PROD.storefront.least, ceil(self.storefront / STOREFRONT_REQUESTS))

    @property
    def recommender_tasks(self) -> int:
        """Return how many tasks serve the recommender."""
        return max(PROD.recommender.least, ceil(self.picks / RECOMMENDER_REQUESTS))
