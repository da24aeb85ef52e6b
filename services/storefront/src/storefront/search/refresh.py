"""The index that searches use, read anew when somebody finds it too old."""

import asyncio
from datetime import timedelta
from time import monotonic
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from fashion_kit.errors import TransientError
from fashion_kit.logs import get_logger
from storefront.search.catalogue_copy import CatalogueCopier, CatalogueCopy
from storefront.search.index import Index

# To count the catalogue is dearer than to read what changed, and hardly ever finds anything.
READINGS_TO_A_COUNT: Final = 60

log = get_logger(__name__)


class CatalogueUnavailableError(TransientError):
    """Raised when the catalogue has not been read yet, and the database does not answer."""

    def __init__(self) -> None:
        super().__init__("The catalogue cannot be read. Try again shortly.")


class LiveIndex:
    """Keeps one index: at most `max_age` old, or as old as the database has been silent.

    Who finds it too old has it read in a thread; the others go on with the one there is, and so
    does the first one if the reading takes longer than `max_age`. With a `max_age` of zero nobody
    gets an index that was read before they asked.
    """

    def __init__(self, copier: CatalogueCopier, max_age: timedelta) -> None:
        self._copier = copier
        self._max_age = max_age.total_seconds()
        self._copy: CatalogueCopy | None = None
        self._reading: asyncio.Task[None] | None = None
        self._tried_at = self._counted_at = float("-inf")

    async def get(self) -> Index:
        """Return the index; raise CatalogueUnavailableError if there is none and none to be had."""
        asked_at = monotonic()
        while self._is_due(asked_at):
            if not await self._finished(self.start()):
                break
        if self._copy is None:
            raise CatalogueUnavailableError
        return self._copy.index

    def start(self) -> asyncio.Task[None]:
        """Begin to read, unless somebody is at it."""
        self._reading = self._reading or asyncio.create_task(self._read())
        return self._reading

    async def close(self) -> None:
        """Wait for a reading that is still under way."""
        if self._reading is not None:
            await asyncio.wait({self._reading})

    def _is_due(self, asked_at: float) -> bool:
        if self._reading is not None:
            if self._copy is None:
                return True
            if self._max_age:
                return False
        return self._tried_at < asked_at - self._max_age

    async def _finished(self, reading: asyncio.Task[None]) -> bool:
        patience = self._max_age if self._copy is not None and self._max_age else None
        done, _ = await asyncio.wait({reading}, timeout=patience)
        for task in done:
            task.result()
        return bool(done)

    async def _read(self) -> None:
        self._tried_at = monotonic()
        is_counting = self._tried_at >= self._counted_at + self._max_age * READINGS_TO_A_COUNT
        try:
            self._copy = await asyncio.to_thread(
                self._copier.read, self._copy, look_for_deleted=is_counting
            )
            if is_counting:
                self._counted_at = self._tried_at
        except SQLAlchemyError as error:
            log.warning("catalogue_not_read", error=type(error).__name__)
        finally:
            self._reading = None
