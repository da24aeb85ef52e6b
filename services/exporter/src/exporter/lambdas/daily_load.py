"""The Lambda that loads one business day on demand."""

from typing import Any

from exporter.bootstrap import open_daily_load
from exporter.nightly.days import requested_day
from exporter.settings import ExporterSettings
from fashion_kit.clock import utc_now
from fashion_kit.logs import configure

DAY = "DATE_EXECUTION"


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """Load the day `{"DATE_EXECUTION": "YYYY-MM-DD"}`, by default yesterday; return the report."""
    settings = ExporterSettings()
    configure(settings.log_level, settings.log_format, service="exporter")
    day = requested_day(
        event.get(DAY), name=DAY, now=utc_now(), timezone=settings.business_timezone
    )
    with open_daily_load(settings) as load:
        return load.run(day).to_dict()
