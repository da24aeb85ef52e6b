"""Items as boto3 gives and takes them, and as they are on the wire: there, binary is base64."""

from base64 import b64decode
from binascii import b2a_base64
from typing import Any

Item = dict[str, dict[str, Any]]


def to_wire(item: Item) -> Item:
    """Return the item with its binary attributes as text; those within lists or maps stay."""
    return {
        name: {"B": b2a_base64(value["B"], newline=False).decode()} if "B" in value else value
        for name, value in item.items()
    }


def from_wire(item: Item) -> Item:
    """Return the item with its binary attributes as bytes; those within lists or maps stay."""
    return {
        name: {"B": b64decode(value["B"])} if "B" in value else value
        for name, value in item.items()
    }
