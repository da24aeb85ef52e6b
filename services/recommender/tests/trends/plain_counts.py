"""Windows counted in plain Python, one event after the other: what the SQL is held against."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from fashion_contracts.events import EventType, Interaction
from recommender.learning.catalogue import CatalogueProduct
from recommender.trends.schemas import Dimension, Window

WEIGHTS = {
    EventType.PRODUCT_VIEW: 1,
    EventType.LIST_CLICK: 1,
    EventType.ADD_TO_CART: 5,
    EventType.PURCHASE: 5,
}
Counts = dict[int | str, tuple[float, float, int]]
"""By value: interest now and in the window before, and how many shoppers it comes from now."""


def product_of(number: int) -> CatalogueProduct:
    """Return one product of the tests' catalogue: odd ones are shirts, even ones seasonless."""
    kind = "Shirts" if number % 2 else "Shoes"
    return CatalogueProduct(
        id=number,
        gender=("Men", "Women")[number % 2],
        master_category="Apparel" if number % 2 else "Footwear",
        sub_category=kind,
        article_type=kind,
        base_colour=("Red", "Blue", "Black")[number % 3],
        usage="Casual",
        season="Summer" if number % 2 else None,
        product_display_name=f"Product {number}",
        price=Decimal(number),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def plain_counts(
    events: Iterable[Interaction], dimension: Dimension, window: Window, until: datetime
) -> Counts:
    """Count the values that somebody cared for in the window; products are 1 to 6."""
    now: Counter[int | str] = Counter()
    before: Counter[int | str] = Counter()
    shoppers: dict[int | str, set[str]] = defaultdict(set)
    for event in {event.event_id: event for event in events}.values():
        value = value_of(event, dimension)
        weight = WEIGHTS.get(event.type)
        age = until - min(event.event_time, event.received_at)
        if not value or weight is None:
            continue
        if 0 < age.total_seconds() <= window.length.total_seconds():
            now[value] += weight
            shoppers[value].add(event.shopper_id)
        elif window.length < age <= 2 * window.length:
            before[value] += weight
    return {value: (now[value], before[value], len(shoppers[value])) for value in now}


def value_of(event: Interaction, dimension: Dimension) -> int | str | None:
    if event.product_id is None or event.product_id > 6:
        return None
    product = product_of(event.product_id)
    values: dict[Dimension, int | str | None] = {
        Dimension.PRODUCT: product.id,
        Dimension.ARTICLE_TYPE: product.article_type,
        Dimension.BASE_COLOUR: product.base_colour,
        Dimension.SEASON: product.season,
        Dimension.GENDER: product.gender,
        Dimension.CATEGORY: product.master_category,
    }
    return values[dimension]
