"""Nothing that names a person is anywhere in the bytes of the clean bucket."""

import gzip
import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy.orm import Session

from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
# Of the users in conftest.py, of the event below, and the database's own ids of persons.
PERSONAL = [
    b"Quirina",
    b"Zwetschgenbaum",
    b"mailbox.example",
    b"5551234",
    b"Unmistakable",
    b"username1",
    b"argon2",
    b"1990-05-17",
    b"USER0000",
    b"anon-unmistakable",
    b"utm_source",
]


def readable_forms(key: str, content: bytes) -> Iterator[bytes]:
    """Yield the object's bytes as they are, and as they read once unpacked."""
    yield content
    if key.endswith(".parquet"):
        file = pq.ParquetFile(io.BytesIO(content))
        yield str(file.read().to_pylist()).encode()
        yield str(file.metadata.to_dict()).encode()
    if key.endswith(".gz"):
        yield gzip.decompress(content)


@pytest.fixture
def loaded(
    zones: ExporterSettings,
    shop: Session,
    buy: Callable[..., str],
    load: Callable[..., LoadReport],
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
) -> ExporterSettings:
    """Return zones into which a day full of personal data was loaded."""
    buy(NOON, "1.00", user=1)
    telling = {
        "page": {"url": "https://shop.example/?utm_source=quirina1@mailbox.example"},
        "context": {"user_agent": "Unmistakable/1.0", "locale": "de-DE"},
        "query": "deliver to quirina1@mailbox.example or +84 90 5551234",
        "type": "search",
    }
    anonymous = {"user_id": None, "anonymous_id": "anon-unmistakable"}
    deliver(
        zones,
        NOON,
        event("e1", NOON, **telling),
        event("e2", NOON, **telling, **anonymous),
        '{"email": "quirina1@mailbox.example"}',
    )
    report = load(zones, DAY)
    assert (report.intake.kept, report.intake.bad) == (2, 1)
    return zones


def test_the_clean_bucket_names_nobody(
    loaded: ExporterSettings, objects: Callable[[str], dict[str, bytes]]
) -> None:
    forms = [
        (key, form.lower())
        for key, content in objects(loaded.clean_bucket).items()
        for form in readable_forms(key, content)
    ]

    assert [(key, word) for key, form in forms for word in PERSONAL if word.lower() in form] == []
    # The scan does see what is written: the redacted search is there.
    assert any(b"[email]" in form for _, form in forms)
