"""What waits in the outbox is told: to the log, and to whoever reads the file."""

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from services.storefront.tests.outbox.conftest import leave
from sqlalchemy import update
from sqlalchemy.orm import Session
from structlog.testing import CapturingLogger

from fashion_kit.clock import utc_now
from storefront.database import Sessions
from storefront.models import OutboxEvent
from storefront.outbox import watch as watch_module
from storefront.outbox.relay import Relay
from storefront.outbox.watch import OutboxWatch
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers

AGE = timedelta(minutes=3)


@pytest.fixture
def watch(
    sessions: Sessions, storefront_settings: StorefrontSettings, tmp_path: Path
) -> OutboxWatch:
    settings = storefront_settings.model_copy(update={"metrics_folder": tmp_path})
    return OutboxWatch(sessions, settings, clock=utc_now)


def told(watch: OutboxWatch, folder: Path) -> dict[str, float]:
    """Return what a look tells the log, after comparing it with the file."""
    logger = CapturingLogger()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch_module, "log", logger)
        watch.look()
    (call,) = logger.calls
    assert call.args == ("outbox_waiting",)
    line = call.kwargs
    text = (folder / "relay.prom").read_text()
    values = dict(line.split(" ") for line in text.splitlines() if not line.startswith("#"))
    assert float(values["outbox_rows_waiting"]) == line["rows"]
    assert float(values["outbox_lag_seconds"]) == pytest.approx(line["lag_seconds"], abs=0.001)
    return {"rows": line["rows"], "lag": line["lag_seconds"]}


def test_an_empty_outbox_has_no_lag(watch: OutboxWatch, tmp_path: Path) -> None:
    assert told(watch, tmp_path) == {"rows": 0, "lag": 0}


def test_the_oldest_row_that_waits_is_the_lag(
    watch: OutboxWatch, session: Session, relay: Relay, tmp_path: Path
) -> None:
    leave(session, "u-1", "u-2", "u-3")
    session.execute(update(OutboxEvent).values(created_at=utc_now() - AGE))
    session.commit()
    found = told(watch, tmp_path)
    assert found["rows"] == 3
    assert found["lag"] == pytest.approx(AGE.total_seconds(), abs=60)
    relay.relay_batch()
    assert told(watch, tmp_path) == {"rows": 0, "lag": 0}


def test_it_ends_when_it_is_told_to(watch: OutboxWatch, tmp_path: Path) -> None:
    stop = Event()
    thread = Thread(target=watch.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
