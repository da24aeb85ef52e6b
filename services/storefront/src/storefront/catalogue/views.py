"""How products, their counts and their categories are shown."""

from storefront.catalogue.schemas import (
    CategoryView,
    FacetsView,
    PriceRange,
    ProductView,
)
from storefront.models import Product
from storefront.search.query import Category, Facets, Listing

_FIELDS = tuple(ProductView.model_fields)


def view_of(product: Product | Listing) -> ProductView:
    """Return what the shop shows of the product: how many are left is its own business."""
    shown = {name: getattr(product, name) for name in _FIELDS}
    shown["image_url"] = product.image_url or f"/products/{product.id}/image.svg"
    return ProductView.model_validate(shown)


def facets_view(facets: Facets) -> FacetsView:
    """Return the counts as they are shown."""
    price = PriceRange(min=facets.price_min, max=facets.price_max)
    shown = {**facets.fields, "in_stock": facets.in_stock, "price": price}
    return FacetsView.model_validate(shown, from_attributes=True)


def category_view(category: Category) -> CategoryView:
    """Return the category with all below it as it is shown."""
    children = [category_view(child) for child in category.children]
    return CategoryView(value=category.value, count=category.count, children=children)
