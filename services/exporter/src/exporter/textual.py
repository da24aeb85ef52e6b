"""Python's functions over Arrow's columns."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa


def each_once(column: "pa.Array[Any]", function: Callable[[Any], str | None]) -> "pa.Array[Any]":
    """Return the function's texts for the column's values, asked once for each different one.

    A null stays a null.
    """
    encoded = column.dictionary_encode()
    texts = [function(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)
