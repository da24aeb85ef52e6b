"""Items on the wire are what boto3 would send, and come back as they were."""

import json
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.dynamodb.values import from_wire, to_wire

# DynamoDB keeps a number to 38 digits.
NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1)
VALUES = st.binary() | st.text() | NUMBERS | st.booleans()


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=6))
def test_an_item_comes_back_as_it_was(plain: dict[str, Any]) -> None:
    item: dict[str, Any] = {
        name: TypeSerializer().serialize(value) for name, value in plain.items()
    }

    assert from_wire(json.loads(json.dumps(to_wire(item)))) == item
