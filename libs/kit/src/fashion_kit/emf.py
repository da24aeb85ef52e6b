"""Metrics in a log line: where nothing scrapes, CloudWatch reads them from the log.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

NAMESPACE: Final = "FashionStore"
MOST_VALUES: Final = 100
"""How many values one member of a line may hold."""
MEMBER: Final = "_aws"
"""The member of the line that makes it one of these."""
_DIMENSIONS: Final = ["service"]
"""What every line of ours is told apart by; `fashion_kit.logs.configure` puts it there."""


def embedded(units: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return what a log line needs besides its members, so that these become metrics.

    `units` names the members, each a number or up to `MOST_VALUES` of them, and the unit of each in
    CloudWatch's words.
    """
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    directive = {"Namespace": NAMESPACE, "Dimensions": [_DIMENSIONS], "Metrics": metrics}
    return {
        MEMBER: {
            "Timestamp": int(now.timestamp() * 1000),
            "CloudWatchMetrics": [directive],
        }
    }
