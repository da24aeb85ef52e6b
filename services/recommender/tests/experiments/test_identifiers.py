"""The answer's id: it tells all that the lake must know, and fits into an event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from fashion_contracts.events import Identifier
from recommender.experiments.assignment import Variant
from recommender.experiments.identifiers import ExperimentAnswerId

UNIQUE = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
NAMES = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
IDS = st.one_of(
    st.builds(ExperimentAnswerId, UNIQUE, NAMES, st.sampled_from(Variant)),
    st.builds(ExperimentAnswerId, UNIQUE, NAMES, st.none(), st.integers(0, 2**24 - 1)),
)


@given(IDS)
def test_an_id_reads_as_it_was_written(written: ExperimentAnswerId) -> None:
    assert ExperimentAnswerId.parse(str(written)) == written


@given(IDS)
def test_an_id_fits_into_an_event(written: ExperimentAnswerId) -> None:
    TypeAdapter(Identifier).validate_python(str(written))


@given(st.text(max_size=70))
def test_nobodys_text_breaks_the_reading(text: str) -> None:
    read = ExperimentAnswerId.parse(text)

    assert read is None or str(read) == text


@pytest.mark.parametrize(
    "text",
    [
        "01JV5M8Z3QK7R2W9XBDE4F6GHN",  # pragma: allowlist secret
        *("a.b", "a.b.x", "a.b.i", "a.B.c", "a.b.c.d", "a.b.i0f"),
    ],
)
def test_another_id_belongs_to_no_experiment(text: str) -> None:
    assert ExperimentAnswerId.parse(text) is None


def test_the_bits_say_whose_position_it_is() -> None:
    read = ExperimentAnswerId.parse("a.decay.i5")

    assert read is not None
    treatment = [place for place in range(24) if read.team_at(place) is Variant.TREATMENT]
    assert treatment == [0, 2]
