"""Days whose events are loaded without the books."""

from collections.abc import Callable
from datetime import date

import pytest

from exporter.bootstrap import open_events, open_lake, open_ledger
from exporter.events.intake import IntakeCounts
from exporter.nightly.ledger import RunState
from exporter.settings import ExporterSettings

LoadEvents = Callable[[ExporterSettings, date], IntakeCounts]


@pytest.fixture
def load_events() -> LoadEvents:
    """Return a function that brings a day's events to the lake, as a run that the ledger knows."""

    def load_events(settings: ExporterSettings, day: date) -> IntakeCounts:
        ledger, lake = open_ledger(settings), open_lake(settings)
        run = ledger.start(day)
        staged, counts = open_events(settings).stage(day, watch=lambda _, batches: batches)
        for table in staged:
            lake.publish(table, {})
        ledger.end(run, RunState.LOADED, {})
        return counts

    return load_events
