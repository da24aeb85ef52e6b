"""Figures in a file: what Prometheus' own parser reads from it is what was written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import CapturingLogger

from fashion_kit import textfile
from fashion_kit.textfile import Figure, as_text, write_textfile

BOOTS = Figure("boots_sold", "Boots sold.", "size")
HEIGHT = Figure("shelf_height_metres", "How high the shelf is.")


def read(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("size", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@given(
    height=st.floats(allow_nan=False, allow_infinity=False),
    boots=st.dictionaries(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), st.integers(0, 10**9)),
)
def test_every_value_comes_back(height: float, boots: dict[str, int]) -> None:
    found = read(as_text({HEIGHT: height, BOOTS: boots}))
    assert found == {
        ("shelf_height_metres", ""): height,
        **{("boots_sold", size): sold for size, sold in boots.items()},
    }


def test_the_next_writing_replaces_the_last(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    write_textfile(folder, "shelf", {HEIGHT: 1})
    write_textfile(folder, "shelf", {HEIGHT: 2})
    (file,) = folder.iterdir()
    assert (file.name, read(file.read_text())) == ("shelf.prom", {("shelf_height_metres", ""): 2})


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_textfile(None, "shelf", {HEIGHT: 1})
    assert list(tmp_path.iterdir()) == []


def test_figures_that_cannot_be_written_are_only_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = CapturingLogger()
    monkeypatch.setattr(textfile, "log", logger)
    (tmp_path / "metrics").write_text("no folder")
    write_textfile(tmp_path / "metrics", "shelf", {HEIGHT: 1})
    assert [call.args for call in logger.calls] == [("figures_not_written",)]
