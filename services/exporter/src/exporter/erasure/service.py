"""Erases people everywhere: landing zone, tables, and the snapshots of the past."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.erasure.accounts import ErasedAccounts
from exporter.events.erasing_landing import Forgotten, LandingEraser
from exporter.lake.erasure import LakeEraser, Rewritten
from exporter.lake.erasure_ledger import ErasureRecords
from exporter.privacy import Pseudonyms
from fashion_contracts.lake import Table
from fashion_kit.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class ErasureReport:
    """What became of a request."""

    people: int
    landing: Forgotten = field(default_factory=Forgotten)
    lake: Rewritten = field(default_factory=Rewritten)

    def lines(self) -> list[str]:
        """Return it as a person reads it."""
        lake, landing = self.lake, self.landing
        return [
            f"{self.people} people erased: {lake.rows:,} rows of {lake.files:,} files,"
            f" {lake.snapshots:,} snapshots and {lake.objects:,} old files of the lake;"
            f" {landing.lines:,} lines of {landing.objects:,} objects of the landing zone."
        ]


@dataclass(frozen=True)
class Eraser:
    """Erases people; whoever runs it holds the lock that keeps loads apart.

    Ended anywhere and started again, it comes to the same end.
    """

    accounts: ErasedAccounts
    landing: LandingEraser
    lake: LakeEraser
    records: ErasureRecords
    pseudonyms: Pseudonyms
    tables: Sequence[Table]

    def erase_all(self) -> ErasureReport:
        """Erase everybody whose account the shop has erased and who is still in the lake."""
        done = self.records.done()
        return self.erase(
            [user for user in self.accounts.ids() if self.pseudonyms.of_user(user) not in done]
        )

    def erase(self, users: Sequence[str], anonymous: Sequence[str] = ()) -> ErasureReport:
        """Erase these users of the shop and these shoppers who were not logged in."""
        keys = {self.pseudonyms.of_user(user) for user in users}
        keys |= {self.pseudonyms.of_anonymous(shopper) for shopper in anonymous}
        if not keys:
            return ErasureReport(people=0)
        self.records.note_asked(keys)
        forgotten = self.landing.erase([*users, *anonymous])
        rewritten = self.lake.erase(self.tables, keys)
        self.records.note_done(keys)
        log.info("people_erased", people=len(keys), rows=rewritten.rows, lines=forgotten.lines)
        return ErasureReport(len(keys), forgotten, rewritten)
