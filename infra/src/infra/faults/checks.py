"""What must hold after a fault: nothing acknowledged is lost or there twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from exporter.queries import LakeQueries
from infra.demo.follow import Story
from infra.demo.reconcile import Books, Check, Lake, reconcile
from infra.faults.poison import check_poison, kept_aside, take_failures
from infra.faults.replay import differing, read_stream, replayed, stored
from infra.faults.shop import GatedShop
from loadtest.reports import VisitReport

# The shop may be busy for a while; no other failure is an answer.
_BUSY = frozenset({502, 503, 504})


@dataclass
class Told:
    """What all shoppers so far were told, and what they were left in doubt about."""

    purchases: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    purchases_in_doubt: int = 0
    events_in_doubt: int = 0
    crashes: int = 0
    """Answers to the latest crowd that say neither yes nor no nor busy."""

    def add(self, crowd: VisitReport) -> None:
        """Add what a crowd was told."""
        self.purchases |= {purchase.id for purchase in crowd.purchases}
        self.events |= set(crowd.accepted_event_ids)
        self.purchases_in_doubt += crowd.undecided_purchases
        self.events_in_doubt += crowd.unsent_events
        self.crashes = sum(
            error.status >= 500 and error.status not in _BUSY for error in crowd.errors
        )


def check_stores(books: Books, lake: Lake, told: Told) -> list[Check]:
    """Return the checks of books and lake.

    What was asked for without ever being answered may or may not have happened: no more of it than
    was asked for, and what has happened must be everywhere, once.
    """
    purchases = books.purchase_ids - told.purchases
    events = lake.event_ids - told.events - books.outbox_event_ids
    return [
        Check.at_most(
            "purchases that nobody was told of, at most those never answered",
            len(purchases),
            told.purchases_in_doubt,
        ),
        Check.at_most(
            "events that nobody was told of, at most those never answered",
            len(events),
            told.events_in_doubt,
        ),
        Check.equal("answers 500", told.crashes, 0),
        *reconcile(
            books, lake, frozenset(told.purchases | purchases), frozenset(told.events | events)
        ),
    ]


def check_everything(
    shop: GatedShop, story: Story, told: Told, days: Sequence[date]
) -> list[Check]:
    """Read all stores and return every check."""
    resources, client = shop.stack.environments.resources, shop.stack.aws.client
    queries = LakeQueries(resources.glue_database)
    lake = Lake.read(queries, days)
    with shop.books() as engine:
        books = Books.read(engine)
    stream = read_stream(shop.streams.client("kinesis"), resources.event_stream)
    said, poison = replayed(stream)
    found = stored(client("dynamodb"), resources.shoppers_table)
    shop.failures.extend(take_failures(client("sqs"), resources.failure_queue_url))
    aside = kept_aside(queries, client("s3"), resources.landing_bucket)
    everything = Told(
        told.purchases,
        told.events | story.accepted_event_ids,
        told.purchases_in_doubt,
        told.events_in_doubt + shop.unsure_clicks,
        told.crashes,
    )
    return [
        *check_stores(books, lake, everything),
        Check.equal(
            "shoppers' histories that are not what the stream tells", len(differing(said, found)), 0
        ),
        *check_poison(shop.poison, stream, poison, shop.failures, aside),
    ]
