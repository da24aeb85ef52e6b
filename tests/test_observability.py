"""What is measured is described, what is drawn is measured, and every alarm has its chapter."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import recommender.app  # noqa: F401 - what it imports registers its metrics
import storefront.app  # noqa: F401 - likewise
from exporter.nightly.figures import FIGURES
from fashion_kit.emf import MOST_VALUES
from fashion_kit.metrics import REQUESTS
from infra.alarms import ALARMS
from infra.definitions import EVENT_SOURCE
from infra.local.delivery.status import DeliveryStatus
from infra.local.event_source.status import EventSourceStatus
from infra.local.schedule.recurrence import LastRun
from infra.local.schedule.status import JobStatus, ScheduleStatus
from infra.observe.settings import ObserveSettings
from infra.observe.workers import WorkerMetrics
from storefront.outbox import watch

ROOT = Path(__file__).parents[1]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "infra/grafana/fashion-store.json").read_text())
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
# Prometheus' client's own.
FOREIGN = ("python_", "process_")
SUFFIXES = {"counter": "_total"}


@pytest.fixture
def metrics(tmp_path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Return every metric of the shop: its type and its labels."""
    # Its labels are told only once something was counted.
    REQUESTS.labels("GET", "/", 200)
    return dict(all_metrics(tmp_path))


def all_metrics(folder: Path) -> Iterator[tuple[str, tuple[str, frozenset[str]]]]:
    leave_statuses(folder)
    for metric in [*REGISTRY.collect(), *WorkerMetrics(folder).collect()]:
        if not metric.name.startswith(FOREIGN):
            labels = {name for sample in metric.samples for name in sample.labels} - {"le"}
            name = metric.name + SUFFIXES.get(metric.type, "")
            yield name, (metric.type, frozenset(labels))
    for figure in (*FIGURES, watch.ROWS, watch.LAG, watch.LOOKED_AT):
        yield figure.name, (figure.kind, frozenset({figure.label} - {None}))  # type: ignore[arg-type]


def leave_statuses(folder: Path) -> None:
    last: dict[str, Any] = {"pid": 1, "last_sequence_numbers": {}}
    source = EventSourceStatus(records=0, batches=0, failures=0, iterator_age_ms=0, **last)
    delivery = DeliveryStatus(
        records_read=0,
        records_delivered=0,
        objects=0,
        flushes_requested=0,
        flushes_done=0,
        **last,
    )
    job = JobStatus(name="build", is_running=False, last_run=LastRun(began_at=NOON), next_at=NOON)
    schedule = ScheduleStatus(
        pid=1,
        loading=None,
        last_done=date(2026, 4, 30),
        failed_days=[],
        next_load=NOON,
        jobs=[job],
    )
    for name, status in (("event-source", source), ("delivery", delivery), ("schedule", schedule)):
        (folder / name).mkdir()
        status.write(folder / name)


def described() -> dict[str, tuple[str, frozenset[str]]]:
    text = (ROOT / "docs/observability.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \|([\w, ]*)\| ", text, re.M)
    return {
        name: (kind, frozenset(label for label in re.split(", *", labels.strip()) if label))
        for name, kind, labels in rows
    }


def test_every_metric_is_described_and_no_other(
    metrics: dict[str, tuple[str, frozenset[str]]],
) -> None:
    # Counters with labels tell them only once something was counted.
    assert described().keys() == metrics.keys()
    told = {name: found for name, found in metrics.items() if found[1]}
    assert {name: described()[name] for name in told} == told
    assert {name: kind for name, (kind, _) in described().items()} == {
        name: kind for name, (kind, _) in metrics.items()
    }


def test_the_dashboard_asks_for_nothing_that_is_not_measured(
    metrics: dict[str, tuple[str, frozenset[str]]],
) -> None:
    asked = " ".join(t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"])
    words = set(re.findall(r"[a-z][a-z_]*_[a-z_]+", re.sub(r"\{[^}]*\}", "", asked)))
    series = {re.sub("_bucket$", "", word) for word in words - {"histogram_quantile"}}
    assert series - metrics.keys() == set()
    assert len(series) > 10


def test_the_dashboards_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_prometheus_scrapes_services_that_exist_at_ports_where_they_listen() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    jobs = yaml.safe_load((ROOT / "infra/grafana/prometheus.yml").read_text())["scrape_configs"]
    configs = [config for job in jobs for config in job["static_configs"]]
    targets = {target for config in configs for target in config["targets"]}
    port = ObserveSettings.model_fields["port"].default
    assert targets == {"storefront:8000", "recommender:8001", f"metrics:{port}"}
    assert {target.split(":")[0] for target in targets} <= services.keys()


def test_no_service_runs_several_processes_in_a_container() -> None:
    # Else each would count for itself, and a scrape would meet one of them by chance.
    told = [ROOT / "docker-compose.yml", ROOT / "infra/src/infra/local/services.py"]
    told += [*ROOT.glob("services/*/Dockerfile"), *ROOT.glob("infra/src/infra/constructs/*.py")]
    assert [path for path in told if "--workers" in path.read_text()] == []


def test_a_batchs_line_holds_a_value_for_each_of_its_records() -> None:
    assert EVENT_SOURCE.batch_size <= MOST_VALUES


def test_the_runbook_has_a_chapter_for_each_alarm() -> None:
    text = (ROOT / "docs/runbook.md").read_text()
    chapters = re.split(r"^## ", text, flags=re.M)[1:]
    # AWS Budgets tells by itself when the bill grows too large.
    assert [chapter.split("\n", 1)[0] for chapter in chapters] == [*ALARMS, "monthly-budget"]
    for chapter in chapters:
        assert re.findall(r"^\*\*(\w+)\*\*:", chapter, re.M) == ["Means", "See", "Do"], chapter
