"""From an event to the lake's row: no page address and no browser go along."""

from datetime import date

from exporter.amounts import money
from exporter.lake.tables import LakeRow
from exporter.privacy import Pseudonyms, search_text
from fashion_contracts.events import Interaction


def event(interaction: Interaction, pseudonyms: Pseudonyms, day: date) -> LakeRow:
    """Return an event as the lake keeps it: no page address and no browser go along."""
    return {
        "event_id": interaction.event_id,
        "type": interaction.type.value,
        "shopper_key": _shopper_key(interaction, pseudonyms),
        "is_anonymous": interaction.user_id is None,
        "session_id": interaction.session_id,
        "product_id": interaction.product_id,
        "quantity": interaction.quantity,
        "price": None if interaction.price is None else money(interaction.price),
        "currency": interaction.currency,
        "query": search_text(interaction.query),
        "list_id": interaction.list.id if interaction.list else None,
        "list_position": interaction.list.position if interaction.list else None,
        "recommendation_id": interaction.recommendation_id,
        "purchase_id": interaction.purchase_id,
        "event_time": interaction.event_time,
        "received_at": interaction.received_at,
        "business_day": day,
    }


def _shopper_key(interaction: Interaction, pseudonyms: Pseudonyms) -> str:
    if interaction.user_id is not None:
        return pseudonyms.of_user(interaction.user_id)
    return pseudonyms.of_anonymous(interaction.shopper_id)
