"""A product on its way into the catalogue: the Kaggle columns, and no price or stock yet."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What a catalogue file, or the generator, says of one product. None is a null."""

    id: int
    gender: str | None
    master_category: str | None
    sub_category: str | None
    article_type: str | None
    base_colour: str | None
    season: str | None
    year: int | None
    usage: str | None
    product_display_name: str | None
