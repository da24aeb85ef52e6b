"""Ids: never the same, and in the order of time."""

import re

from fashion_kit.ids import new_id


def test_ids_are_ulids_and_never_repeat() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", one) for one in ids)


def test_no_id_looks_like_an_anonymous_shoppers() -> None:
    assert not new_id().startswith("anon-")
