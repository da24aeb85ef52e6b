"""What the index promises, said plainly: a search that looks at every product."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from storefront.search.postings import FIELD_WEIGHTS
from storefront.search.query import Query, Sort
from storefront.search.records import FACETS, CatalogueRecord
from storefront.search.text import words_of

Products = Sequence[CatalogueRecord]
Test = Callable[[CatalogueRecord], bool]

_SORTED_BY: Mapping[Sort, Callable[[CatalogueRecord], int]] = {
    Sort.ID: lambda product: product.id,
    Sort.PRICE: lambda product: product.price_cents,
    Sort.PRICE_DESCENDING: lambda product: -product.price_cents,
    Sort.NEWEST: lambda product: -product.created_us,
    Sort.POPULARITY: lambda product: -product.units_sold,
}


class PlainSearch:
    """A search over products on sale."""

    def __init__(self, products: Iterable[CatalogueRecord]) -> None:
        self.products = [product for product in products if product.is_active]
        self._words = {product.id: weights_of(product) for product in self.products}
        self._vocabulary = {word for words in self._words.values() for word in words}

    def matches(self, query: Query) -> list[CatalogueRecord]:
        """Return all that match, in the query's order."""
        tests = self._tests(query)
        found = [p for p in self.products if all(test(p) for test in tests.values())]
        relevance = self._relevance(query.text)
        sorted_by = _SORTED_BY.get(query.sort) or (lambda product: -relevance(product))
        found.sort(key=lambda product: (sorted_by(product), product.id))
        if query.after is None:
            return found
        sign = 1 if query.sort in (Sort.ID, Sort.PRICE) else -1
        place = (sign * query.after.value, query.after.id)
        return [product for product in found if (sorted_by(product), product.id) > place]

    def facets(self, query: Query) -> dict[str, Any]:
        """Return every facet: of those that match all but its own filter."""
        tests = self._tests(query)

        def matches_others(name: str) -> list[CatalogueRecord]:
            others = [test for of, test in tests.items() if of != name]
            return [product for product in self.products if all(test(product) for test in others)]

        prices = [product.price_cents for product in matches_others("price")]
        return {
            **{name: _counts(matches_others(name), name) for name in (*FACETS, "in_stock")},
            "price": (_money(min(prices)), _money(max(prices))) if prices else (None, None),
        }

    def _tests(self, query: Query) -> dict[str, Test]:
        tests: dict[str, Test] = {
            name: lambda product, name=name, values=values: getattr(product, name) in values  # type: ignore[misc]
            for name, values in query.only.items()
            if values
        }
        low = query.price_min if query.price_min is not None else Decimal(0)
        high = query.price_max if query.price_max is not None else Decimal("Infinity")
        tests["price"] = lambda product: low <= _money(product.price_cents) <= high
        if query.in_stock is not None:
            tests["in_stock"] = lambda product: product.in_stock == query.in_stock
        found = self._found_words(query.text)
        tests["words"] = lambda product: all(
            any(word in self._words[product.id] for word in meanings) for meanings in found
        )
        return tests

    def _found_words(self, text: str) -> list[dict[str, int]]:
        words = [*dict.fromkeys(words_of(text))]
        return [self._meanings(words, at) for at in range(len(words))]

    def _meanings(self, words: list[str], at: int) -> dict[str, int]:
        word, is_last = words[at], at == len(words) - 1
        found = {known: 1 for known in self._vocabulary if is_last and known.startswith(word)}
        with_neighbours = ("".join(words[at - 1 : at + 1]), "".join(words[at : at + 2]))
        found |= {known: 2 for known in (word, *with_neighbours) if known in self._vocabulary}
        slips = 0 if len(word) < 3 else 1 if len(word) < 6 else 2
        if found or not slips or not word.isalpha():
            return found
        distances = {known: distance(word, known) for known in self._vocabulary}
        nearest = min(distances.values(), default=slips + 1)
        return {k: 1 for k, slipped in distances.items() if slipped == nearest <= slips}

    def _relevance(self, text: str) -> Callable[[CatalogueRecord], int]:
        found = self._found_words(text)
        holders = [sum(any(w in words for w in m) for words in self._words.values()) for m in found]
        rarities = [(len(self.products) // max(count, 1)).bit_length() for count in holders]

        def relevance(product: CatalogueRecord) -> int:
            words = self._words[product.id]
            best = [max((words[w] * c for w, c in m.items()), default=0) for m in found]
            score = sum(weight * rarity for weight, rarity in zip(best, rarities, strict=True))
            return 64 * score + product.units_sold.bit_length()

        return relevance


def weights_of(product: CatalogueRecord) -> Counter[str]:
    """Return the product's words and what they weigh."""
    weights: Counter[str] = Counter()
    for name, weight in FIELD_WEIGHTS.items():
        words = words_of(getattr(product, name) or "")
        whole = ["".join(words)] if words and name != "product_display_name" else []
        weights.update(dict.fromkeys([*words, *whole], weight))
    return weights


def distance(one: str, other: str) -> int:
    """Return the optimal string alignment distance."""
    rows: list[list[int]] = [[*range(len(other) + 1)]]
    for i, letter in enumerate(one, start=1):
        row: list[int] = [i]
        for j, other_letter in enumerate(other, start=1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (letter != other_letter))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == other_letter:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _counts(products: Products, name: str) -> dict[Any, int]:
    values = (getattr(product, name) for product in products)
    return dict(Counter(value for value in values if value is not None))


def _money(cents: int) -> Decimal:
    return Decimal(cents) / 100
