"""The figures of a load that only a shop of our own can give: its books, its lake and its clock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from math import inf
from typing import TYPE_CHECKING, Any

from exporter.queries import LakeQueries
from infra.demo.reconcile import Discrepancies, reconcile_sums
from infra.demo.run import Outcome
from infra.load.bad_events import kept_bad_events
from infra.local.stack import Stack
from loadtest.reports import VisitReport, percentile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OF_OWN_SHOP = frozenset(
    {
        *Discrepancies.__dataclass_fields__,
        "broken_promises",
        "click_to_pick_p95_ms",
        "malformed_events_not_kept",
    }
)
"""Figures that cannot be had of a shop which runs already."""


def figures_of_own_shop(
    stack: Stack, outcome: Outcome, since: datetime, until: datetime
) -> dict[str, Any]:
    """Return the figures by which the shop is judged, and where its late events are.

    The load lies between the instants.
    `broken_promises` counts what is not a figure of its own: units and money that do not add up.
    """
    waits = sorted(outcome.story.click_to_pick_ms)
    resources = stack.environments.resources
    s3: S3Client = stack.aws.client("s3")
    kept = kept_bad_events(s3, resources.landing_bucket, since, until)
    crowd = outcome.crowd.total
    return {
        **asdict(outcome.discrepancies),
        "broken_promises": sum(
            not check.holds for check in reconcile_sums(outcome.books, outcome.lake)
        ),
        "click_to_pick_p95_ms": round(percentile(waits, 95), 1) if waits else inf,
        "malformed_events_not_kept": not_kept(crowd, kept),
        "events_late_by_day": late_by_day(
            LakeQueries(resources.glue_database), outcome.days, crowd.late_event_ids
        ),
    }


def not_kept(crowd: VisitReport, kept: set[tuple[str, str]]) -> int:
    """Return how many refused events are not kept, or not under the reason that was told."""
    told = {(refused.event_id, refused.reason) for refused in crowd.malformed_refused}
    return len(told - kept)


def late_by_day(
    queries: LakeQueries, days: Sequence[date], late_event_ids: Sequence[str]
) -> dict[str, int]:
    """Return how many of the late events the lake has under each business day."""
    late = frozenset(late_event_ids)
    found: Counter[str] = Counter()
    for day in days:
        rows = queries.query("SELECT event_id FROM events WHERE business_day = :day", day=day).rows
        found[day.isoformat()] = sum(event_id in late for (event_id,) in rows)
    return {day: count for day, count in found.items() if count}
