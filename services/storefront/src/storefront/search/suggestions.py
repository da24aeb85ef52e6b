"""Completions for a search box, from what the words typed so far already find."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from storefront.search.index import Index
from storefront.search.query import Listing, Query, Sort
from storefront.search.text import singular, spelled_words_of

_SAMPLE: Final = 50  # the best products are asked which words they hold; more would say the same
_OF_EACH_KIND: Final = 4


class SuggestionKind(StrEnum):
    """What a suggestion is."""

    QUERY = "query"
    """The words typed, the last one completed."""
    ARTICLE_TYPE = "article_type"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may be meant, best of its kind first."""

    kind: SuggestionKind
    text: str
    count: int | None = None
    """How many products an article type has among what is found."""
    product_id: int | None = None


def suggestions_for(text: str, index: Index) -> list[Suggestion]:
    """Return what somebody who has typed this may be looking for; nothing for no words."""
    typed = spelled_words_of(text)
    if not typed:
        return []
    query = Query(text=text, sort=Sort.RELEVANCE, limit=_SAMPLE, with_facets=True)
    found = index.search(query)
    assert found.facets is not None  # noqa: S101 - asked for
    return [
        *_queries(typed, found.items),
        *(
            Suggestion(SuggestionKind.ARTICLE_TYPE, str(found_type.value), found_type.count)
            for found_type in found.facets.fields["article_type"][:_OF_EACH_KIND]
        ),
        *_products(found.items),
    ]


def _queries(typed: Sequence[str], items: Sequence[Listing]) -> Iterator[Suggestion]:
    words: Counter[str] = Counter()
    for item in items:
        described = f"{item.product_display_name or ''} {item.article_type or ''}"
        words.update({*spelled_words_of(described)})
    begun = singular(typed[-1])
    # Of one word's spellings the most frequent is met first.
    completions: dict[str, str] = {}
    for word, _ in words.most_common():
        if singular(word).startswith(begun):
            completions.setdefault(singular(word), word)
    for word in [*completions.values()][:_OF_EACH_KIND]:
        yield Suggestion(SuggestionKind.QUERY, " ".join([*typed[:-1], word]))


def _products(items: Sequence[Listing]) -> Iterator[Suggestion]:
    named = {item.product_display_name: item.id for item in reversed(items)}
    named.pop(None, None)
    for name, product_id in [*reversed(named.items())][:_OF_EACH_KIND]:
        yield Suggestion(SuggestionKind.PRODUCT, str(name), product_id=product_id)
