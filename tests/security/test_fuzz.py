"""A share of what `make fuzz` sends, and what its findings would be."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final

import pytest
from tests.security import fuzz
from tests.security.conftest import Shop, own_schema
from tests.security.fuzzing.mutate import mutated_bytes, of_json
from tests.security.fuzzing.targets import EVENT, ROWS, Tally, Target, of_rows, open_targets

from fashion_kit.clock import utc_now
from infra.local.database import Database
from storefront.database import open_engine
from storefront.loading.load import import_catalogue
from storefront.loading.styles import HEADER
from storefront.settings import DatabaseSettings

INPUTS: Final = 4_000
PATIENCE_SECONDS: Final = 120
OVER_THE_WIRE: Final = 400
ROWS_IMPORTED: Final = 4_000
SEED: Final = 20_261_128
BODIES: Final[dict[tuple[str, str], Any]] = {
    ("storefront", "/events"): {"events": [EVENT]},
    ("storefront", "/users"): {
        "username": "asha.rao",
        "first_name": "Asha",
        "last_name": "Rao",
        "email": "asha@example.in",
        "password": "correct horse battery",
        "birthdate": "1990-01-31",
        "phone": "+911234567890",
    },
    ("storefront", "/purchases/quote"): {"lines": [{"product_id": 1, "quantity": 1}]},
    ("storefront", "/payments/notifications"): {"payment_id": "x", "status": "approved"},
    ("recommender", "/recommendations/cart"): {"product_ids": [1, 2], "limit": 12},
    ("recommender", "/recommendations/rerank"): {"user_id": "anon-12345678", "product_ids": [1]},
}


@pytest.fixture(scope="module")
def targets() -> Iterator[dict[str, Target]]:
    with ExitStack() as stack:
        yield {target.name: target for target in open_targets(stack)}


def send(target: Target, inputs: int = INPUTS) -> fuzz.Result:
    until = monotonic() + PATIENCE_SECONDS
    return fuzz.fuzz(target, Random(f"{SEED} {target.name}"), inputs=inputs, until=until)


@pytest.mark.parametrize(
    "name",
    ["events", "gzip", "landing lines", "landing objects", "stream records", "catalogue rows"],
)
def test_whatever_comes_is_accepted_or_refused(targets: dict[str, Target], name: str) -> None:
    result = send(targets[name])
    assert result.findings == []
    assert result.is_good
    assert result.sent >= INPUTS
    # Both ways are gone: broken inputs that are all refused at the door try nothing behind it.
    assert result.accepted > INPUTS / 100
    if name != "landing objects":
        assert result.refused > INPUTS / 100
        assert result.accepted + result.refused >= INPUTS * 0.9


def test_every_target_is_tested(targets: dict[str, Target]) -> None:
    names = {"events", "gzip", "landing lines", "landing objects", "stream records"}
    assert set(targets) == names | {"catalogue rows"}


class TestFindings:
    def test_an_exception_is_one_and_its_input_is_kept(self) -> None:
        def take(inputs: list[bytes]) -> Tally:
            for one in inputs:
                one.decode()
            return Tally(len(inputs), 0)

        kept: list[list[bytes]] = []
        target = Target("plain text", lambda random: mutated_bytes(random, b"text"), take)
        result = fuzz.fuzz(
            target, Random(1), inputs=1_000, until=monotonic() + 60, keep=kept.append
        )
        assert not result.is_good
        assert "UnicodeDecodeError" in result.findings[0]
        with pytest.raises(UnicodeDecodeError):
            take(kept[0])

    def test_memory_that_grows_is_one(self) -> None:
        hoard: list[bytes] = []

        def take(inputs: list[bytes]) -> Tally:
            hoard.append(b"x" * 1024 * 1024)
            return Tally(len(inputs), 0)

        result = send(Target("hoarder", lambda _: b"", take), inputs=100)
        assert result.findings == []
        assert not result.is_good

    def test_the_same_seed_sends_the_same(self, targets: dict[str, Target]) -> None:
        target = targets["events"]
        assert target.batch(Random(7)) == target.batch(Random(7))
        assert target.batch(Random(7)) != target.batch(Random(8))


@pytest.mark.servers
@pytest.mark.parametrize(("service", "path"), BODIES)
def test_over_the_wire_nothing_is_a_500(shop: Shop, service: str, path: str) -> None:
    make = of_json([BODIES[service, path]])
    random = Random(f"{SEED} {path}")
    headers = {"Content-Type": "application/json"}
    for _ in range(OVER_THE_WIRE):
        body = make(random)
        answer = shop.clients[service].post(path, content=body, headers=headers)
        assert answer.status_code < 500, (body, answer.text)


@pytest.mark.servers
def test_every_row_that_the_import_accepts_is_one_that_the_database_takes(
    database: Database, tmp_path: Path
) -> None:
    url = own_schema(database, "fuzz_tests")
    engine = open_engine(DatabaseSettings.model_validate({"database_url": url}))
    make, random = of_rows(ROWS), Random(SEED)
    # Read as a file is, so that what looks like the end of a row is one.
    rows = b"\n".join(make(random) for _ in range(ROWS_IMPORTED)).split(b"\n")
    file = tmp_path / "styles.csv"
    file.write_bytes(b"\n".join([",".join(HEADER).encode(), *rows]))
    try:
        first = import_catalogue(engine, file, seed=1, clock=utc_now)
        again = import_catalogue(engine, file, seed=1, clock=utc_now)
    finally:
        engine.dispose()
    assert first.loaded + first.skipped == sum(bool(row.strip()) for row in rows)
    assert first.inserted == first.loaded > ROWS_IMPORTED / 10
    # What was written is what was read, to the last odd letter.
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, first.loaded)
