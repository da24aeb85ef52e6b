"""Python's functions over Arrow's columns, asked once for each different value."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa


def each_once(column: "pa.Array[Any]", function: Callable[[Any], str | None]) -> "pa.Array[Any]":
    """Return the function's texts for the column's values; a null stays a null."""
    encoded = column.dictionary_encode()
    texts = [function(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def pair_once(
    column: "pa.Array[Any]", function: Callable[[Any], tuple[str | None, str | None]]
) -> tuple["pa.Array[Any]", "pa.Array[Any]"]:
    """Return the function's two texts for the column's values; a null stays a null in both."""
    encoded = column.dictionary_encode()
    pairs = [function(value) for value in encoded.dictionary.to_pylist()]
    first, second = (
        pa.array([pair[place] for pair in pairs], pa.string()).take(encoded.indices)
        for place in (0, 1)
    )
    return first, second
