"""Reading clickstreams: each format, broken lines, unknown files, and the cut by time."""

import gzip
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import ClickstreamUnreadableError
from recommender.evaluation.datasets import load
from recommender.evaluation.formats import FORMATS
from recommender.evaluation.schemas import Clickstream

GAP = timedelta(minutes=30)


def learnt(stream: Clickstream) -> int:
    return len(stream.train) + len(stream.validation)


class TestLoad:
    def test_the_shop_is_cut_by_fortnights_and_tells_attributes(self, shop_file: Path) -> None:
        stream = load(shop_file, GAP)

        assert (stream.name, stream.skipped_lines) == ("clothing-2008", 0)
        assert (len(stream.train), len(stream.validation)) == (5 * 32, 5 * 14)
        assert len(stream.test) == 5 * 14 * 4
        assert len(stream.attributes) == stream.products
        look = stream.attributes[stream.train[0].products[0]]
        assert look.price >= Decimal(20)
        assert look.sub_category == look.master_category is not None

    def test_session_rec_text_is_read_from_its_full_training_file(self, text_folder: Path) -> None:
        stream = load(text_folder, GAP)

        assert (learnt(stream), len(stream.validation)) == (250, 25)
        assert len(stream.test) == 50 * 4
        assert datetime.fromtimestamp(stream.train[0].began, UTC).date() == date(2008, 4, 1)

    def test_a_training_file_brings_its_test_file(self, text_folder: Path) -> None:
        alone = load(text_folder / "clicks_train_full.txt.gz", GAP)

        assert alone.test == load(text_folder, GAP).test
        assert alone.name == "clicks-train-full"

    def test_ottos_clicks_are_read_and_the_last_tenth_is_the_test(self, otto_file: Path) -> None:
        stream = load(otto_file, GAP)

        assert (len(stream.train), len(stream.validation)) == (240, 30)
        assert len(stream.test) == 30 * 4
        assert {len(products) for _, products in stream.train} == {5}

    def test_lists_have_no_times_but_an_order_and_test_pairs(self, lists_folder: Path) -> None:
        stream = load(lists_folder, GAP)

        assert not stream.is_timed
        assert learnt(stream) == 250
        assert [len(seen) for seen, _ in stream.test] == [3] * 50

    def test_our_lake_is_cut_into_visits_and_each_event_counts_once(
        self, lake_folder: Path
    ) -> None:
        stream = load(lake_folder, GAP)

        assert (learnt(stream), len(stream.test)) == (270, 30 * 4)
        assert {len(products) for _, products in stream.train} == {5}

    def test_all_formats_tell_the_same_sessions(
        self, shop_file: Path, text_folder: Path, otto_file: Path, lake_folder: Path
    ) -> None:
        paths = (shop_file, text_folder, otto_file, lake_folder)
        streams = [load(path, GAP) for path in paths]

        firsts = [[products for _, products in stream.train[:160]] for stream in streams]
        assert all(first == firsts[0] for first in firsts)

    def test_validation_never_looks_at_the_test(self, shop_file: Path) -> None:
        stream = load(shop_file, GAP)

        assert stream.validating().train == stream.train
        assert len(stream.validating().predictions) == len(stream.validation) * 4
        assert stream.testing().train == [*stream.train, *stream.validation]


class TestBrokenFiles:
    @pytest.mark.parametrize("form", ["shop_file", "otto_file"])
    @settings(max_examples=25)
    @given(junk=st.text(max_size=30).filter(lambda text: len(text.splitlines()) == 1))
    def test_a_broken_line_is_skipped_and_counted(
        self, form: str, junk: str, request: pytest.FixtureRequest
    ) -> None:
        file: Path = request.getfixturevalue(form)
        whole = load(file, GAP)
        spoilt = file.with_name(f"spoilt {file.name}")
        spoilt.write_text(file.read_text() + junk + "\n", newline="")

        stream = load(spoilt, GAP)

        assert stream.skipped_lines == (0 if junk.isspace() else 1)
        assert (stream.train, stream.test) == (whole.train, whole.test)

    @given(content=st.binary(max_size=200))
    def test_whatever_a_file_holds_it_is_read_or_refused(
        self, content: bytes, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        file = tmp_path_factory.mktemp("junk") / "junk"
        file.write_bytes(content)

        with pytest.raises(ClickstreamUnreadableError):
            load(file, GAP)

    def test_an_empty_file_is_called_empty(self, tmp_path: Path) -> None:
        file = tmp_path / "clicks.csv"
        file.touch()

        with pytest.raises(ClickstreamUnreadableError, match=r"clicks.csv is empty"):
            load(file, GAP)

    def test_an_unknown_format_is_told_with_what_was_found_and_what_is_known(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "ratings.csv"
        file.write_text("user,item,rating\n1,2,3\n")

        with pytest.raises(ClickstreamUnreadableError) as refused:
            load(file, GAP)

        assert "ratings.csv begins with 'user,item,rating'" in refused.value.detail
        assert all(form.name in refused.value.detail for form in FORMATS)

    def test_a_folder_of_several_formats_is_refused(self, otto_file: Path, shop_file: Path) -> None:
        with pytest.raises(ClickstreamUnreadableError, match="several formats"):
            load(otto_file.parent, GAP)

    def test_a_file_cut_short_is_refused(self, text_folder: Path) -> None:
        file = text_folder / "clicks_test.txt.gz"
        file.write_bytes(file.read_bytes()[:-20])

        with pytest.raises(ClickstreamUnreadableError, match="cannot be read"):
            load(file, GAP)

    def test_a_file_without_a_prediction_is_too_little(self, tmp_path: Path) -> None:
        file = tmp_path / "train.jsonl.gz"
        file.write_bytes(gzip.compress(b"[1, 2]\n[]\n[1.5]\n[3]\n"))

        with pytest.raises(ClickstreamUnreadableError, match=r"2 sessions.*2 broken lines"):
            load(file, GAP)

    @pytest.mark.parametrize("products", ['["red-dress", "shoes"]', "[1, 2]"])
    def test_item_ids_of_any_kind_become_numbers(self, tmp_path: Path, products: str) -> None:
        file = tmp_path / "sessions.jsonl"
        file.write_text(f"{products}\n" * 20)

        stream = load(file, GAP)

        assert stream.train[0].products == [1, 2]
        assert stream.test == [([1], 2)] * 2
