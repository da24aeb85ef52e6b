from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from loadtest.errors import ShelfEmptyError
from loadtest.shelf import LOOKS, Kind, Shelf, ShelfProduct, popularity_weights


def product(id: int, category: str = "Topwear", colour: str = "Black") -> ShelfProduct:
    return ShelfProduct(id, category, colour, Decimal(100 + id))


class TestShelf:
    def test_knows_its_products(self, shelf: Shelf) -> None:
        assert len(shelf) == 300
        assert shelf.get(1001) is not None
        assert shelf.get(9) is None

    def test_refuses_to_be_empty(self) -> None:
        with pytest.raises(ShelfEmptyError):
            Shelf([])

    def test_popularity_is_the_same_whatever_the_order_of_the_rows(self) -> None:
        products = [product(id) for id in range(50)]
        assert Shelf(products).popularity == Shelf(reversed(products)).popularity

    def test_dearness_goes_from_cheapest_to_dearest_of_the_category(self) -> None:
        products = [product(id) for id in (1, 2, 3)]
        assert [Shelf(products).dearness(p) for p in products] == [0, 0.5, 1]


class TestDraw:
    def test_keeps_to_the_kind(self, shelf: Shelf) -> None:
        rng = Random(1)
        drawn = [shelf.draw(rng, lambda _: 1.0, Kind("Shoes", "Red")) for _ in range(50)]
        assert {(p.category, p.colour) for p in drawn if p is not None} == {("Shoes", "Red")}

    def test_finds_the_one_product_that_appeals(self) -> None:
        shelf = Shelf(product(id) for id in range(500))
        wanted = shelf.draw(Random(1), lambda p: float(p.id == 77), Kind("Topwear"))
        assert wanted is not None
        assert wanted.id == 77

    def test_gives_nothing_when_nothing_appeals(self, shelf: Shelf) -> None:
        assert shelf.draw(Random(1), lambda _: 0.0, Kind("Shoes")) is None

    def test_gives_nothing_of_an_unknown_kind(self, shelf: Shelf) -> None:
        assert shelf.draw(Random(1), lambda _: 1.0, Kind("Kites")) is None

    def test_draws_popular_products_more_often(self) -> None:
        shelf = Shelf(product(id) for id in range(100))
        rng = Random(1)
        drawn = [shelf.draw_any(rng, "Topwear").id for _ in range(2000)]
        ranking = [*shelf.popularity]
        assert drawn.count(ranking[0]) > 4 * drawn.count(ranking[-1])


class TestShelfProduct:
    def test_reads_a_row_with_nulls(self) -> None:
        row = {"id": 5, "sub_category": None, "master_category": None, "price": 9.5}
        assert ShelfProduct.from_row(row) == ShelfProduct(5, "Other", "Other", Decimal("9.5"))

    def test_looks_are_spread_evenly(self) -> None:
        looks = [product(id).look for id in range(6000)]
        assert set(looks) == set(range(LOOKS))
        assert all(400 < looks.count(look) < 600 for look in range(LOOKS))


@pytest.mark.parametrize("count", [1, 2, 217, 5000])
def test_attention_falls_with_the_rank_and_adds_up_to_one(count: int) -> None:
    weights = popularity_weights(count)
    assert all(before > after > 0 for before, after in pairwise(weights))
    assert sum(weights) == pytest.approx(1)
