"""Who comes: a person, and what their browser remembers of the visits before."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from loadtest.clock import Clock
from loadtest.personas import Persona
from loadtest.reports import VisitReport
from loadtest.shop import Shop


@dataclass
class Shopper:
    """A person with what their browser remembers between visits."""

    persona: Persona
    user_id: str | None = None
    token: str | None = None
    token_ends: datetime | None = None
    had_account: bool = False
    """Whether the shop knew the account when it was to be opened."""


async def log_in_or_register(
    shopper: Shopper, shop: Shop, report: VisitReport, clock: Clock
) -> None:
    """Come back with the token of the last visit, or log in, the first time after registering."""
    if shopper.token_ends is not None and clock() < shopper.token_ends:
        shop.token = shopper.token
        return
    if shopper.user_id is None:
        answer = await shop.register(shopper.persona)
        if answer is not None and answer.status == 201:
            report.registrations += 1
            shopper.user_id = answer.get("id")
        # After a lost answer it may well be this run's own first attempt that the shop knows.
        elif answer is not None and answer.attempts == 1:
            shopper.had_account = answer.status == 409
    answer = await shop.log_in(shopper.persona)
    if shop.token is None or answer is None:
        return
    shopper.token = shop.token
    shopper.token_ends = clock() + timedelta(seconds=int(answer.get("expires_in", 0)))
    if shopper.user_id is None:
        account = await shop.who_am_i()
        shopper.user_id = account.get("id") if account is not None else None
