"""What endpoints ask for where the payment provider may be asked, and how it is opened."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Request

from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from storefront.database import Sessions
from storefront.payments.desk import PaymentDesk
from storefront.payments.fake_provider import FakePaymentProvider
from storefront.payments.provider import Outcome, PaymentProvider, TimedPaymentProvider
from storefront.settings import RelaySettings, StorefrontSettings
from storefront.turns import Turns

Result = TypeVar("Result")


class PaymentThreads:
    """Threads for what waits for the provider, so that a slow one holds up nothing else."""

    def __init__(self, count: int, longest_wait: timedelta) -> None:
        self._turns = Turns(count, longest_wait)
        self._limiter = CapacityLimiter(count)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns; raise NoTurnError if no thread comes free in time."""
        async with self._turns.one():
            return await run_sync(work, limiter=self._limiter)


def open_payments(
    settings: StorefrontSettings,
    stack: AsyncExitStack,
    sessions: Sessions,
    *,
    clock: Clock,
    new_id: IdFactory,
) -> dict[str, Any]:
    """Return the payments' part of the app's state."""
    pool = ThreadPoolExecutor(settings.payment_threads, "payments")
    # A provider that hangs must not keep the process from ending.
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    desk, provider = payment_desk(settings, pool, sessions, clock=clock, new_id=new_id)
    longest_wait = timedelta(seconds=settings.database_pool_timeout_seconds)
    return {
        "payment_provider": provider,
        "payment_desk": desk,
        "payment_threads": PaymentThreads(settings.payment_threads, longest_wait),
    }


def payment_desk(
    settings: RelaySettings, pool: Executor, sessions: Sessions, *, clock: Clock, new_id: IdFactory
) -> tuple[PaymentDesk, PaymentProvider]:
    """Return where payments are taken, and the provider that takes them."""

    def on_notification(payment_id: str, outcome: Outcome) -> None:
        desk.settle(payment_id, outcome)

    fake = FakePaymentProvider(on_notification)
    provider = TimedPaymentProvider(fake, pool, settings.payment_timeout)
    desk = PaymentDesk(
        sessions,
        provider,
        clock=clock,
        new_id=new_id,
        attempts=settings.transaction_attempts,
        timeout=settings.payment_timeout,
    )
    return desk, provider


async def get_provider(request: Request) -> PaymentProvider:
    """Return the payment provider."""
    provider: PaymentProvider = request.state.payment_provider
    return provider


async def get_desk(request: Request) -> PaymentDesk:
    """Return where purchases are paid."""
    desk: PaymentDesk = request.state.payment_desk
    return desk


async def get_threads(request: Request) -> PaymentThreads:
    """Return the threads in which the provider may be waited for."""
    threads: PaymentThreads = request.state.payment_threads
    return threads


ProviderDep = Annotated[PaymentProvider, Depends(get_provider)]
DeskDep = Annotated[PaymentDesk, Depends(get_desk)]
ThreadsDep = Annotated[PaymentThreads, Depends(get_threads)]
