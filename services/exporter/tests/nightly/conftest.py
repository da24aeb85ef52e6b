"""Nights in zones of their own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from exporter.bootstrap import open_night
from exporter.nightly.night import Night
from exporter.settings import ExporterSettings

OpenNight = Callable[..., AbstractContextManager[Night]]


@pytest.fixture
def open_at(shop: Session) -> OpenNight:
    """Return a function that opens a night at an instant; the last events have arrived by then."""

    @contextmanager
    def open_at(settings: ExporterSettings, now: datetime, **wiring: Any) -> Iterator[Night]:
        with open_night(settings, clock=lambda: now.astimezone(UTC), **wiring) as night:
            yield night

    return open_at


@pytest.fixture
def told(zones: ExporterSettings, monkeypatch: pytest.MonkeyPatch) -> ExporterSettings:
    """Return settings that the environment holds as well."""
    monkeypatch.setenv("EXPORTER_DATABASE_URL", zones.database_url.get_secret_value())
    monkeypatch.setenv("EXPORTER_LANDING_BUCKET", zones.landing_bucket)
    monkeypatch.setenv("EXPORTER_CLEAN_BUCKET", zones.clean_bucket)
    monkeypatch.setenv("EXPORTER_GLUE_DATABASE", zones.glue_database)
    monkeypatch.setenv("EXPORTER_PSEUDONYM_KEY", zones.pseudonym_secret().decode())
    return zones
