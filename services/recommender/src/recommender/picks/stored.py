"""A shopper's item as it was read. Most who ask look at a few of its picks only."""

from collections.abc import Iterator
from functools import cached_property

from fashion_contracts.picks import Attributes, Pick, Shopper, read_last_ticks, read_picks


class StoredShopper:
    """What is kept of a shopper, unpacked as far as somebody looks at it."""

    def __init__(self, user_id: str, item: Attributes | None = None) -> None:
        self.user_id = user_id
        self._item: Attributes = item or {}

    @property
    def model(self) -> str | None:
        """Return the version of the model that ranked the picks."""
        return self._item["model"]["S"] if "model" in self._item else None

    @property
    def has_picks(self) -> bool:
        """Say whether there are any picks."""
        return "picks" in self._item

    @property
    def picks(self) -> Iterator[Pick]:
        """Yield the picks, best first."""
        return read_picks(self._item)

    @property
    def last_ticks(self) -> int | None:
        """Return the time of the latest act or mark, if there is any."""
        return read_last_ticks(self._item)

    @cached_property
    def whole(self) -> Shopper:
        """Return all of the shopper; one who is not known has done nothing yet."""
        return Shopper.from_attributes(self._item) if self._item else Shopper(self.user_id)
