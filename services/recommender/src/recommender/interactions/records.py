"""Stream records: decoded, checked, and told whether they matter to picks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from fashion_contracts.events import PRODUCT_TYPES, EventType, Interaction
from fashion_contracts.picks import ANONYMOUS_PREFIX
from fashion_kit.logs import get_logger

log = get_logger(__name__)


class Failure(StrEnum):
    """Why a record had no effect."""

    POISON = "poison"
    """It can never be applied: it is no event."""
    TRANSIENT = "transient"
    """It could not be applied now."""


@dataclass(frozen=True)
class StreamRecord:
    """One record as the stream delivers it."""

    sequence_number: str
    data: bytes
    arrived_at: datetime | None = None
    """When the stream had it, by the stream's clock; None if that is not known."""


@dataclass(frozen=True)
class FailedRecord:
    """One record that must come again, or end at the failure destination."""

    sequence_number: str
    reason: Failure


@dataclass(frozen=True)
class Arrival:
    """One event with its place in the stream."""

    sequence: int
    sequence_number: str
    event: Interaction


def decode(records: Iterable[StreamRecord]) -> tuple[dict[str, list[Arrival]], list[FailedRecord]]:
    """Return what arrived by shopper, in the stream's order, and the records that are poison."""
    by_shopper: dict[str, list[Arrival]] = {}
    failed: list[FailedRecord] = []
    for record in records:
        try:
            event = Interaction.from_record(record.data)
        except ValidationError:
            # The content may be anything; only where it lies is told.
            log.warning("record_is_poison", sequence_number=record.sequence_number)
            failed.append(FailedRecord(record.sequence_number, Failure.POISON))
            continue
        if _matters(event):
            arrival = Arrival(
                int(record.sequence_number),
                record.sequence_number,
                _believed(event, record.arrived_at),
            )
            by_shopper.setdefault(event.shopper_id, []).append(arrival)
    for arrivals in by_shopper.values():
        arrivals.sort(key=lambda arrival: arrival.sequence)
    return by_shopper, failed


def _believed(event: Interaction, arrived_at: datetime | None) -> Interaction:
    """Return the event as received no later than the stream had it.

    The clock of the server that received it may have been ahead: what it stamped would stand before
    all that the shopper does next, until the time is there.
    """
    if arrived_at is None or event.received_at <= arrived_at:
        return event
    return event.model_copy(update={"received_at": arrived_at})


def _matters(event: Interaction) -> bool:
    """Say whether the event changes picks.

    A shopper who is not logged in must not change those of one who is: an anonymous id that could
    be a user's is passed over. What came without consent is nobody's.
    """
    if event.type is EventType.ERASE:
        return event.user_id is not None
    if event.type is EventType.IDENTIFY:
        return event.user_id is not None and event.anonymous_id is not None
    if event.type not in PRODUCT_TYPES or event.consent is False:
        return False
    return event.user_id is not None or event.shopper_id.startswith(ANONYMOUS_PREFIX)
