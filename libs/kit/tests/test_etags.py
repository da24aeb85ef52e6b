"""Entity tags: what is unchanged, and who may change it."""

import pytest

from fashion_kit.etags import (
    ChangedMeanwhileError,
    MissingIfMatchError,
    check_match,
    etag_of,
    matches,
)


def test_a_tag_is_quoted_and_names_its_parts() -> None:
    assert etag_of("cart", 3) == '"cart-3"'


@pytest.mark.parametrize("header", ['"a-1"', 'W/"a-1"', '"b", "a-1"', "*"])
def test_a_header_that_names_the_tag_matches(header: str) -> None:
    assert matches(header, '"a-1"')


@pytest.mark.parametrize("header", ["", '"a-2"', "a-1", '"a-11"'])
def test_any_other_header_does_not(header: str) -> None:
    assert not matches(header, '"a-1"')


def test_a_change_of_the_present_version_may_go_on() -> None:
    check_match('"a-1"', '"a-1"', is_required=True)
    check_match(None, '"a-1"')


def test_a_change_of_an_older_version_is_told_the_present_one() -> None:
    with pytest.raises(ChangedMeanwhileError) as raised:
        check_match('"a-1"', '"a-2"')
    assert raised.value.extensions == {"etag": '"a-2"'}


def test_a_change_that_must_name_its_version_and_does_not_is_refused() -> None:
    with pytest.raises(MissingIfMatchError):
        check_match(None, '"a-1"', is_required=True)
