"""Where purchases are placed: those that come at the same time are committed together."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from sqlalchemy.exc import OperationalError

from fashion_kit.batcher import Batcher, BatchLimits, OverloadedError
from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from fashion_kit.logs import get_logger
from storefront.database import (
    DUPLICATE_ENTRY,
    DatabaseUnavailableError,
    Sessions,
    is_unavailable,
    run_in_transaction,
)
from storefront.purchases.answers import Key
from storefront.purchases.batch import PurchaseBatch
from storefront.purchases.errors import RequestInFlightError
from storefront.purchases.idempotency import Answer
from storefront.purchases.orders import Order, Outcome, Terms
from storefront.purchases.pricing import Tariff
from storefront.settings import StorefrontSettings

log = get_logger(__name__)


class PurchaseDesk:
    """Hands orders to a few threads in batches, and each order's answer back after its commit."""

    def __init__(self, writer: "BatchWriter", pool: Executor, settings: StorefrontSettings) -> None:
        self._writer = writer
        self._pool = pool
        self._in_flight: set[Key] = set()
        limits = BatchLimits(
            items=settings.purchase_batch_size,
            weight=settings.purchase_batch_size,
            queued_items=settings.purchase_queue_limit,
            in_flight=settings.purchase_batches_in_flight,
            attempts=1,
        )
        self._batcher = Batcher[Order, Outcome](self._send, limits=limits)

    async def place(self, order: Order) -> Answer:
        """Return the committed answer. An order once taken is decided even if nobody waits."""
        if order.key in self._in_flight:
            raise RequestInFlightError
        self._in_flight.add(order.key)
        try:
            (outcome,) = await self._batcher.submit([order])
        except OverloadedError:
            self._in_flight.discard(order.key)
            raise
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def drain(self) -> None:
        """Take no more orders, and return when those taken are answered."""
        await self._batcher.drain()

    async def _send(self, orders: Sequence[Order]) -> list[Outcome]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._writer.write, orders)
        finally:
            # Here and not where the order was handed in: whoever waited there may have left.
            self._in_flight.difference_update(order.key for order in orders)


class BatchWriter:
    """Commits batches of orders. One that goes wrong is taken apart, so that only the bad fail."""

    def __init__(
        self,
        sessions: Sessions,
        settings: StorefrontSettings,
        *,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._sessions = sessions
        self._attempts = settings.transaction_attempts
        tariff = Tariff.of(settings)
        self._terms = Terms(tariff, settings.idempotency_key_lifetime, clock, new_id)

    def write(self, orders: Sequence[Order]) -> list[Outcome]:
        """Return each order's outcome, committed."""
        try:
            return run_in_transaction(
                self._sessions,
                lambda session: PurchaseBatch(session, self._terms).place(orders),
                attempts=self._attempts,
                # Another process has just answered one of the keys; now its answer is seen.
                anew_after=(DUPLICATE_ENTRY,),
            )
        except Exception as error:  # noqa: BLE001 - it is the outcome of whoever caused it
            # Of one order that is alone, what fails for the moment is told as everywhere else.
            if is_unavailable(error) or (len(orders) == 1 and isinstance(error, OperationalError)):
                # Its text holds the statement and its values, a user's among them.
                log.warning("purchases_unavailable", error=type(error).__name__)
                return [DatabaseUnavailableError()] * len(orders)
            if len(orders) == 1:
                return [error]
            log.warning("purchase_batch_split", orders=len(orders), error=type(error).__name__)
        return [outcome for order in orders for outcome in self.write([order])]
