"""How products, their counts and their categories are shown."""

from collections.abc import Sequence
from typing import Any

from storefront.catalogue.schemas import (
    CategoryView,
    FacetsView,
    PriceRange,
    ProductView,
    ValueCount,
)
from storefront.models import Product
from storefront.search.query import Category, Count, Facets, Listing

_FIELDS = tuple(ProductView.model_fields)


def view_of(product: Product | Listing) -> ProductView:
    """Return what the shop shows of the product: how many are left is its own business."""
    shown = {name: getattr(product, name) for name in _FIELDS}
    shown["image_url"] = product.image_url or f"/products/{product.id}/image.svg"
    return ProductView.model_construct(**shown)


def facets_view(facets: Facets) -> FacetsView:
    """Return the counts as they are shown."""
    shown: dict[str, Any] = {name: _counts_view(counts) for name, counts in facets.fields.items()}
    shown["in_stock"] = _counts_view(facets.in_stock)
    shown["price"] = PriceRange(min=facets.price_min, max=facets.price_max)
    return FacetsView.model_construct(**shown)


def category_view(category: Category) -> CategoryView:
    """Return the category with all below it as it is shown."""
    children = [category_view(child) for child in category.children]
    return CategoryView(value=category.value, count=category.count, children=children)


def _counts_view(counts: Sequence[Count]) -> list[ValueCount[Any]]:
    return [ValueCount.model_construct(value=one.value, count=one.count) for one in counts]
