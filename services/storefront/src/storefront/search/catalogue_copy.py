"""The catalogue's copy: read once, then kept up by reading what has changed.

A change is visible only once its transaction has committed, but bears the time at which it was
made. So each reading goes back behind the one before by `overlap`: longer than any transaction of
the shop lives, waits for locks included. Both times are the database's, so that no server's wrong
clock hides a sale. Of that window it reads ids and times of change, and whole rows only where the
time is not the one already known; a shop that sells a lot would otherwise read each sale again for
as long as the overlap lasts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fashion_kit.logs import get_logger
from storefront.database import Sessions
from storefront.search.index import Index
from storefront.search.repository import CatalogueRepository

CHUNK: Final = 5_000  # rows held as Python objects at once; all of them would take 100 MB

log = get_logger(__name__)


@dataclass(frozen=True)
class CatalogueCopy:
    """The index as of one reading, and what the next one has to know."""

    index: Index
    read_at: datetime
    stamps: Mapping[int, int]
    """When the products last changed that did so within the overlap."""


class CatalogueCopier:
    """Reads the catalogue from the database; blocks, so it belongs into a thread."""

    def __init__(self, sessions: Sessions, *, overlap: timedelta) -> None:
        self._sessions = sessions
        self._overlap = overlap

    def read(self, before: CatalogueCopy | None, *, look_for_deleted: bool) -> CatalogueCopy:
        """Return the catalogue as it is now, from the copy before if there is one.

        Nothing of the shop deletes a product, so a deleted one leaves no trace to follow; if asked
        to look for such, count, and read everything anew if there are fewer than there should be.
        """
        with self._sessions() as session:
            products = CatalogueRepository(session)
            if before is None:
                return self._read_all(products)
            copy = self._read_changes(products, before)
            if look_for_deleted and products.count_on_sale() != len(copy.index):
                return self._read_all(products)
            return copy

    def _read_all(self, products: CatalogueRepository) -> CatalogueCopy:
        read_at = products.now()
        index = Index()
        stamps: dict[int, int] = {}
        last_id = 0
        while records := products.list_on_sale_after(last_id, CHUNK):
            index = index.changed(records)
            stamps |= {record.id: record.updated_us for record in records}
            last_id = records[-1].id
        log.info("catalogue_read", products=len(index))
        return CatalogueCopy(index.prepare(), read_at, stamps)

    def _read_changes(self, products: CatalogueRepository, before: CatalogueCopy) -> CatalogueCopy:
        read_at = products.now()
        stamps = products.get_stamps_since(before.read_at - self._overlap)
        changed = [i for i, stamp in stamps.items() if before.stamps.get(i) != stamp]
        index = before.index
        for start in range(0, len(changed), CHUNK):
            index = index.changed(products.list_by_id(changed[start : start + CHUNK]))
        return CatalogueCopy(index.prepare(), read_at, stamps)
