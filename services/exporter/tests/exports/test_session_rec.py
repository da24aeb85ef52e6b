"""session-rec's text is read by what reads RSC15, our recommender's evaluation among it."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from exporter.exports.session_rec import FILE, export_session_rec
from exporter.exports.sink import Folder
from exporter.exports.source import Period, Source
from exporter.lake.tables import LakeRow
from fashion_contracts.lake import EVENTS
from recommender.evaluation.datasets import load
from recommender.evaluation.formats import format_of, lines_of

DAY = date(2024, 11, 22)
ONE_DAY = Period(DAY, DAY)
SECOND = 1_732_251_600

Fill = Callable[..., None]
Look = Callable[..., LakeRow]
At = Callable[[object], Folder]


def read(path: Path) -> list[tuple[str, float, str]]:
    header, *lines = (path / FILE).read_text().splitlines()
    assert header == "SessionId\tTime\tItemId"
    return [
        (session, float(time), item) for session, time, item in (line.split("\t") for line in lines)
    ]


def test_each_visit_stands_together_in_the_order_of_time(
    fill: Fill, look: Look, source: Source, folder_at: At, tmp_path: Path
) -> None:
    fill(
        EVENTS,
        look("ann", 3, 30.25),
        look("ben", 9, 20),
        look("ann", 1, 10.5),
        look("ann", 2, 10.75, type="list_click"),
        look("ann", 5, 50, session_id="visit-2"),
    )

    assert export_session_rec(source, folder_at(tmp_path), ONE_DAY) == {FILE: 5}

    rows = read(tmp_path)
    sessions = [session for session, *_ in rows]
    assert len(set(sessions)) == 3
    assert sessions == sorted(sessions, key=int)
    visit = next(session for session, _, item in rows if item == "1")
    assert [(time - SECOND, item) for session, time, item in rows if session == visit] == [
        (10.5, "1"),
        (10.75, "2"),
        (30.25, "3"),
    ]


def test_looking_again_at_once_is_one_look_and_coming_back_another(
    fill: Fill, look: Look, source: Source, folder_at: At, tmp_path: Path
) -> None:
    fill(
        EVENTS,
        look("ann", 1, 1, type="list_click"),
        look("ann", 1, 2),
        look("ann", 2, 3),
        look("ann", 1, 4),
        look("ann", 4, 5, type="add_to_cart"),
        look("ann", None, 6, type="search"),
    )

    export_session_rec(source, folder_at(tmp_path), ONE_DAY)

    assert [item for *_, item in read(tmp_path)] == ["1", "2", "1"]


def test_a_clock_that_runs_ahead_is_not_believed(
    fill: Fill, look: Look, source: Source, folder_at: At, tmp_path: Path
) -> None:
    ahead = look("ann", 1)
    ahead["event_time"] = ahead["received_at"] + timedelta(days=400)  # type: ignore[operator]
    fill(EVENTS, ahead)

    export_session_rec(source, folder_at(tmp_path), ONE_DAY)

    assert [time - SECOND for _, time, _ in read(tmp_path)] == [1.0]


def test_nobody_is_named(
    fill: Fill, look: Look, source: Source, folder_at: At, tmp_path: Path
) -> None:
    fill(EVENTS, look("ann", 1, session_id="ann@mailbox.example"))

    export_session_rec(source, folder_at(tmp_path), ONE_DAY)

    assert re.fullmatch(r"[\w\s.]+", (tmp_path / FILE).read_text())
    assert "ann" not in (tmp_path / FILE).read_text()


def test_a_lake_without_events_gives_a_file_without_lines(
    source: Source, folder_at: At, tmp_path: Path
) -> None:
    assert export_session_rec(source, folder_at(tmp_path), ONE_DAY) == {FILE: 0}
    assert read(tmp_path) == []


def test_the_recommenders_evaluation_reads_it(
    fill: Fill, look: Look, source: Source, folder_at: At, tmp_path: Path
) -> None:
    visits = 40
    fill(
        EVENTS,
        *(
            look(f"shopper{visit}", 1 + (visit + step) % 5, 100 * visit + step)
            for visit in range(visits)
            for step in range(3)
        ),
    )
    export_session_rec(source, folder_at(tmp_path), ONE_DAY)

    known = format_of(next(lines_of(tmp_path / FILE)))
    clicks = load(tmp_path / FILE, timedelta(minutes=30))

    assert known is not None
    assert known.name.startswith("session-rec")
    assert clicks.skipped_lines == 0
    assert clicks.products == 5
    assert clicks.train[0].began == SECOND
    assert len(clicks.train[0].products) == 3
