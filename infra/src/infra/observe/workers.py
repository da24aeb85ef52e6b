"""The workers' status files as Prometheus metrics: they have no port to be asked at."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from infra.local.delivery.status import DeliveryStatus
from infra.local.event_source.measures import BOUNDS, COUNTS, MeasuresSum
from infra.local.event_source.status import EventSourceStatus
from infra.local.schedule.status import ScheduleStatus

_NEVER = datetime.fromtimestamp(0, UTC)


class WorkerMetrics:
    """Reads what the workers of a shop last said about themselves, each time it is asked."""

    def __init__(self, folder: Path) -> None:
        """Take the folder in which each worker has one of its own, named as its process."""
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of every worker that has ever run."""
        if (source := EventSourceStatus.read(self._folder / "event-source")) is not None:
            yield from event_source_metrics(source)
        if (delivery := DeliveryStatus.read(self._folder / "delivery")) is not None:
            yield from delivery_metrics(delivery)
        if (schedule := ScheduleStatus.read(self._folder / "schedule")) is not None:
            yield from schedule_metrics(schedule)


def event_source_metrics(status: EventSourceStatus) -> Iterator[Metric]:
    """Yield how the stream reaches the function, and what the function said of its batches."""
    yield GaugeMetricFamily(
        "iterator_age_seconds",
        "Age of the oldest record that is being handed to the function.",
        status.iterator_age_ms / 1000,
    )
    yield CounterMetricFamily(
        "event_source_records", "Records that are done, be it given up.", status.records
    )
    yield CounterMetricFamily(
        "event_source_batches", "Invocations that the function answered.", status.batches
    )
    yield CounterMetricFamily(
        "event_source_given_up", "Records told to the failure queue.", status.failures
    )
    outcomes = CounterMetricFamily(
        "interactions",
        "Records by what became of them in the function; late ones are among the applied.",
        labels=["outcome"],
    )
    for outcome in COUNTS:
        outcomes.add_metric([outcome], getattr(status.measures, outcome))
    yield outcomes
    yield _click_to_pick(status.measures)


def delivery_metrics(status: DeliveryStatus) -> Iterator[Metric]:
    """Yield how the stream reaches the landing zone."""
    yield CounterMetricFamily(
        "delivery_records_read", "Records read from the stream.", status.records_read
    )
    yield CounterMetricFamily(
        "delivery_records", "Records that are in the landing zone.", status.records_delivered
    )
    yield CounterMetricFamily("delivery_objects", "Objects written.", status.objects)


def schedule_metrics(status: ScheduleStatus) -> Iterator[Metric]:
    """Yield how it stands with the jobs, the daily load among them."""
    last = GaugeMetricFamily(
        "job_last_run_timestamp_seconds", "When the job's last run ended.", labels=["job"]
    )
    succeeded = GaugeMetricFamily(
        "job_last_run_succeeded", "Whether it ended well: 1 or 0.", labels=["job"]
    )
    for job in status.jobs:
        last.add_metric([job.name], (job.last_run.ended_at or _NEVER).timestamp())
        succeeded.add_metric([job.name], float(job.last_run.has_succeeded is True))
    yield last
    yield succeeded
    yield GaugeMetricFamily(
        "export_days_given_up",
        "Days that will be loaded again the next night.",
        len(status.failed_days),
    )


def _click_to_pick(measures: MeasuresSum) -> Metric:
    bounds = [*map(str, BOUNDS), "+Inf"]
    counts = accumulate(measures.click_to_pick_counts)
    return HistogramMetricFamily(
        "click_to_pick_seconds",
        "From an event's receipt by the shop to the write of the picks that know it.",
        list(zip(bounds, counts, strict=True)),
        measures.click_to_pick_seconds,
    )
