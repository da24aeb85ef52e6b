"""Logs: one JSON object for each line, ours and the libraries' alike."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from fashion_kit import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def read_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_line_has_its_event_its_keywords_and_its_service(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO", "json", service="shoes")
    logs.get_logger("here").info("shoe_sold", shoe_id=7)
    (line,) = read_lines(capsys)
    assert (line["event"], line["shoe_id"], line["service"]) == ("shoe_sold", 7, "shoes")
    assert (line["level"], line["timestamp"][-1]) == ("info", "Z")


def test_a_librarys_line_has_the_same_shape(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json", service="shoes")
    logging.getLogger("some.library").warning("it rains")
    (line,) = read_lines(capsys)
    assert (line["event"], line["level"], line["service"]) == ("it rains", "warning", "shoes")


def test_less_important_lines_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING", "json", service="shoes")
    logs.get_logger("here").info("shoe_sold")
    assert read_lines(capsys) == []


def test_an_exception_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json", service="shoes")
    try:
        raise ValueError("too small")
    except ValueError as error:
        logs.get_logger("here").error("shoe_failed", exc_info=error)
    (line,) = read_lines(capsys)
    assert "too small" in line["exception"]


def test_people_may_have_it_plain(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "console", service="shoes")
    logs.get_logger("here").info("shoe_sold", shoe_id=7)
    assert "shoe_sold" in capsys.readouterr().err
