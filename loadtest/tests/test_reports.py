import json
from decimal import Decimal

import pytest

from loadtest.reports import (
    CrowdReport,
    ErrorSeen,
    PurchaseMade,
    VisitReport,
    percentile,
    summarise,
)


def report_of_a_visit(number: int) -> VisitReport:
    report = VisitReport(visits=1, unsent_events=number)
    report.steps["buy"] += 1
    report.milliseconds["GET /cart"] += [number * 10.0]
    report.statuses["GET /cart 200"] += 1
    report.connection_errors["GET /cart ReadTimeout"] += 1
    report.accepted_event_ids.append(f"event-{number}")
    report.purchases.append(PurchaseMade(f"p{number}", "u", Decimal("1.10"), 1, 1))
    report.errors.append(ErrorSeen("GET /cart", 500, {}))
    return report


class TestVisitReport:
    def test_reports_add_up(self) -> None:
        total = VisitReport()
        for number in (1, 2):
            total.add(report_of_a_visit(number))
        assert (total.visits, total.unsent_events, total.steps["buy"]) == (2, 3, 2)
        assert total.milliseconds == {"GET /cart": [10.0, 20.0]}
        assert total.accepted_event_ids == ["event-1", "event-2"]
        assert [made.id for made in total.purchases] == ["p1", "p2"]
        assert (total.requests, total.failures) == (4, 4)

    def test_adding_leaves_the_added_report_alone(self) -> None:
        total, part = VisitReport(), report_of_a_visit(1)
        total.add(part)
        total.add(part)
        assert part.accepted_event_ids == ["event-1"]

    def test_is_json_with_money_to_the_cent(self) -> None:
        total = report_of_a_visit(1)
        total.add(report_of_a_visit(2))
        shown = json.loads(json.dumps(CrowdReport(2.0, 1, total).to_dict()))
        assert shown["revenue"] == "2.20"
        assert shown["requests_per_second"] == 2.0
        assert shown["endpoints"]["GET /cart"]["p95_ms"] == 20.0


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100)])
def test_percentile_is_the_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([float(n) for n in range(1, 101)], percent) == expected


def test_nothing_measured_is_summarised_as_nothing() -> None:
    assert summarise([])["count"] == 0
