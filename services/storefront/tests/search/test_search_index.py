"""The index answers what a look at every product would."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.storefront.tests.search.plain_search import PlainSearch
from services.storefront.tests.search.search_cases import queries, record, records

from storefront.search.columns import money
from storefront.search.index import Index
from storefront.search.query import Facets, Listing, Query, Result, Sort
from storefront.search.records import CatalogueRecord

# Changes come in batches, a product in each batch at most once, as readings of the database do.
batches = st.lists(st.lists(records, unique_by=lambda product: product.id), max_size=4)


def followed(batches: list[list[CatalogueRecord]]) -> tuple[Index, PlainSearch]:
    """Return the index that went through all the changes, and the search over what is left."""
    index = Index()
    products: dict[int, CatalogueRecord] = {}
    for batch in batches:
        index = index.changed(batch).prepare()
        products |= {product.id: product for product in batch}
    return index, PlainSearch(products.values())


def walk(index: Index, query: Query) -> list[Result]:
    """Return all pages of a query."""
    pages = [index.search(query)]
    while (key := pages[-1].next_key) is not None:
        pages.append(index.search(replace(query, after=key)))
    return pages


def shown(facets: Facets | None) -> dict[str, Any]:
    """Return the facets without the order of their values."""
    assert facets is not None
    fields = {**facets.fields, "in_stock": facets.in_stock}
    return {
        **{name: {one.value: one.count for one in counts} for name, counts in fields.items()},
        "price": (facets.price_min, facets.price_max),
    }


class TestSearch:
    @given(batches, queries)
    def test_the_pages_are_all_that_matches_in_its_order_without_gap_or_repeat(
        self, batches: list[list[CatalogueRecord]], query: Query
    ) -> None:
        index, plain = followed(batches)
        pages = walk(index, query)
        wanted = plain.matches(query)
        assert [item.id for page in pages for item in page.items] == [one.id for one in wanted]
        assert {page.total for page in pages} == {len(wanted)}
        assert all(len(page.items) == query.limit for page in pages[:-1])

    @given(batches, queries)
    def test_every_count_is_exact_and_its_own_filter_does_not_narrow_it(
        self, batches: list[list[CatalogueRecord]], query: Query
    ) -> None:
        index, plain = followed(batches)
        assert shown(index.search(query).facets) == plain.facets(query)

    @given(batches, batches, queries)
    def test_a_page_goes_on_from_its_key_whatever_came_and_went(
        self,
        before: list[list[CatalogueRecord]],
        after: list[list[CatalogueRecord]],
        query: Query,
    ) -> None:
        key = followed(before)[0].search(query).next_key
        index, plain = followed([*before, *after])
        query = replace(query, after=key)
        wanted = [product.id for product in plain.matches(query)]
        assert [item.id for item in index.search(query).items] == wanted[: query.limit]

    @given(batches)
    def test_a_product_is_shown_as_it_is(self, batches: list[list[CatalogueRecord]]) -> None:
        index, plain = followed(batches)
        items = index.search(Query(limit=100)).items
        for item, product in zip(items, plain.matches(Query()), strict=True):
            described = {name: getattr(product, name, None) for name in Listing._fields}
            assert item._asdict() == described | {"price": money(product.price_cents)}

    def test_the_most_frequent_values_come_first_then_the_alphabet(self) -> None:
        colours = ["Red", "Blue", "Red", None, "Green"]
        index = Index().changed(
            [record(i, base_colour=colour) for i, colour in enumerate(colours, start=1)]
        )
        facets = index.search(Query(with_facets=True)).facets
        assert facets is not None
        assert [one.value for one in facets.fields["base_colour"]] == ["Red", "Blue", "Green"]


class TestRelevance:
    def test_what_a_product_is_counts_more_than_what_its_name_mentions(self) -> None:
        index = Index().changed(
            [
                record(1, article_type="Belts", product_display_name="Belt for jeans"),
                record(2, article_type="Jeans", product_display_name="Lee"),
                record(3, article_type="Shirts"),
            ]
        )
        items = index.search(Query(text="jeans", sort=Sort.RELEVANCE)).items
        assert [item.id for item in items] == [2, 1]

    def test_between_equals_what_sells_comes_first(self) -> None:
        index = Index().changed(
            [record(i, article_type="Jeans", units_sold=sold) for i, sold in ((1, 2), (2, 900))]
        )
        items = index.search(Query(text="jeans", sort=Sort.RELEVANCE)).items
        assert [item.id for item in items] == [2, 1]

    def test_a_word_as_it_is_written_comes_before_a_longer_one(self) -> None:
        names = ["Redtape", "Red"]
        index = Index().changed(
            [record(i, product_display_name=name) for i, name in enumerate(names, start=1)]
        )
        items = index.search(Query(text="red", sort=Sort.RELEVANCE)).items
        assert [item.product_display_name for item in items] == ["Red", "Redtape"]


class TestWords:
    @pytest.mark.parametrize("text", ["flipflops", "flip flops", "flip-flop", "Flip Flops"])
    def test_a_category_of_two_words_is_found_as_one(self, text: str) -> None:
        index = Index().changed([record(1, article_type="Flip Flops"), record(2)])
        assert [item.id for item in index.search(Query(text=text)).items] == [1]

    def test_a_category_of_one_word_is_found_as_two(self) -> None:
        index = Index().changed([record(1, article_type="Handbags"), record(2)])
        assert [item.id for item in index.search(Query(text="hand bag")).items] == [1]


class TestGet:
    def test_products_come_in_the_order_asked_and_each_once(self) -> None:
        index = Index().changed([record(i) for i in (1, 2, 3)])
        assert [item.id for item in index.get([3, 99, 1, 3])] == [3, 1]


class TestCategories:
    def test_a_product_without_a_level_counts_for_those_above(self) -> None:
        levels: list[tuple[str | None, ...]] = [
            ("Apparel", "Topwear", "Shirts"),
            ("Apparel", "Topwear", None),
        ]
        levels += [("Apparel", None, None), (None, None, None)]
        names = ("master_category", "sub_category", "article_type")
        index = Index().changed(
            [
                record(i, **dict(zip(names, values, strict=True)))
                for i, values in enumerate(levels, start=1)
            ]
        )
        [apparel] = index.categories()
        [topwear] = apparel.children
        [shirts] = topwear.children
        assert [(one.value, one.count) for one in (apparel, topwear, shirts)] == [
            ("Apparel", 3),
            ("Topwear", 2),
            ("Shirts", 1),
        ]

    def test_they_can_be_counted_for_some_genders(self) -> None:
        index = Index().changed(
            [
                record(i, gender=gender, master_category=category)
                for i, (gender, category) in enumerate(
                    [("Men", "Apparel"), ("Women", "Footwear"), (None, "Apparel")], start=1
                )
            ]
        )
        assert [one.value for one in index.categories(["Women"])] == ["Footwear"]


class TestChanged:
    def test_a_sale_leaves_words_and_other_orders_untouched(self) -> None:
        before = Index().changed([record(1), record(2)]).prepare()
        after = before.changed([record(1, in_stock=False, units_sold=3)])
        assert after.postings is before.postings
        assert after.order(Sort.PRICE) is before.order(Sort.PRICE)
        assert [item.in_stock for item in after.get([1, 2])] == [False, True]

    def test_who_holds_the_old_index_sees_nothing_of_a_change(self) -> None:
        before = Index().changed([record(1)])
        before.changed([record(1, in_stock=False, price_cents=7), record(2)])
        assert [(item.id, item.in_stock, item.price) for item in before.get([1, 2])] == [
            (1, True, money(100))
        ]

    def test_a_word_that_nothing_holds_any_more_is_nobodys_neighbour(self) -> None:
        index = Index().changed([record(1, product_display_name="Nike")])
        index = index.changed([record(1, product_display_name="Puma")])
        assert index.search(Query(text="nikee")).total == 0
