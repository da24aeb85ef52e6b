"""Products in any state, and queries of any kind, for the tests of the index."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from storefront.search.query import Query, Sort
from storefront.search.records import CatalogueRecord

GENDERS = ("Men", "Women", "Unisex", None)
ARTICLES = ("Tshirts", "Shirts", "Sports Shoes", "Watches", None)
COLOURS = ("Blue", "Navy Blue", "Red", None)
YEARS = (2011, 2012, None)
NAMES = (
    "Nike Men's Blue T-shirt",
    "NIKE Runner Shoes",
    "Adidas Women Red T Shirt",
    "Adidas Duramo",
    "Runnerz watch 100",
    "Tshrit",
    "",
    None,
)
TEXTS = (
    "",
    "  the ",
    "shirt",
    "blue tshirts",
    "tshrit",
    "nkie",
    "ru",
    "red r",
    "watchs 100",
    "zzzz",
    "sport shoes",
    "sportsshoes",
    "t ru",
    "navy blue",
    "nike sport shoe",
)


def record(product_id: int = 1, **values: Any) -> CatalogueRecord:
    """Return a product."""
    defaults: dict[str, Any] = {
        **dict.fromkeys(CatalogueRecord._fields),
        "currency": "INR",
        "price_cents": 100,
        "in_stock": True,
        "units_sold": 0,
        "created_us": 1,
        "is_active": True,
        "updated_us": 1,
    }
    return CatalogueRecord(**defaults | {"id": product_id} | values)


records = st.builds(
    record,
    st.integers(1, 30),
    gender=st.sampled_from(GENDERS),
    master_category=st.sampled_from(["Apparel", "Footwear", None]),
    sub_category=st.sampled_from(["Topwear", "Shoes", None]),
    article_type=st.sampled_from(ARTICLES),
    base_colour=st.sampled_from(COLOURS),
    season=st.sampled_from(["Summer", None]),
    year=st.sampled_from(YEARS),
    usage=st.sampled_from(["Casual", "Sports", None]),
    product_display_name=st.sampled_from(NAMES),
    image_url=st.sampled_from(["https://img.example/1.jpg", None]),
    price_cents=st.integers(1, 5),
    in_stock=st.booleans(),
    units_sold=st.integers(0, 5),
    created_us=st.integers(1, 3),
    is_active=st.integers(0, 9).map(bool),
)

amounts = st.none() | st.integers(0, 6).map(lambda cents: Decimal(cents) / 100)


def values_of(choices: tuple[Any, ...]) -> st.SearchStrategy[list[Any]]:
    """Return some of a filter's values, now and then one that nothing has."""
    known = [value for value in choices if value is not None]
    return st.just([]) | st.lists(st.sampled_from([*known, "Nothing"]), max_size=3)


queries = st.builds(
    Query,
    text=st.sampled_from(TEXTS),
    only=st.fixed_dictionaries(
        {
            "gender": values_of(GENDERS),
            "article_type": values_of(ARTICLES),
            "base_colour": values_of(COLOURS),
            "year": values_of(YEARS),
        }
    ),
    price_min=amounts,
    price_max=amounts,
    in_stock=st.none() | st.booleans(),
    sort=st.sampled_from(Sort),
    limit=st.integers(1, 7),
    with_facets=st.just(True),
)
