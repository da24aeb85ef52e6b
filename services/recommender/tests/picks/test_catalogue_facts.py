"""What serving knows of the catalogue: as if all of it were looked through each time."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from recommender.errors import CatalogueUnreadError, StoreUnavailableError, UnknownCategoryError
from recommender.picks.catalogue import (
    EVERYTHING,
    Availability,
    Catalogue,
    Kind,
    Narrowing,
    ProductFacts,
)
from recommender.picks.repository import CatalogueRepository

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SHIRT, SHOE, ODD = (
    Kind("Apparel", "Topwear", "Shirts"),
    Kind("Footwear", "Shoes", None),
    Kind(*[None] * 3),
)

ROWS = st.builds(
    ProductFacts,
    st.integers(1, 30),
    st.sampled_from([SHIRT, SHOE, ODD]),
    st.integers(1, 500).map(lambda hundredths: Decimal(hundredths) / 100),
    st.sampled_from(Availability),
)


def catalogue_of(*readings: Sequence[ProductFacts]) -> Catalogue:
    catalogue = Catalogue(newest_length=5)
    for rows in readings:
        catalogue = catalogue.changed(rows, NOW)
    return catalogue


class TestCatalogue:
    @given(
        st.lists(st.lists(ROWS, unique_by=lambda row: row.id), min_size=1, max_size=4),
        st.none() | st.sampled_from(["Apparel", "shoes", "SHIRTS"]),
        st.none() | st.decimals("0.01", 6, places=2),
    )
    def test_it_finds_what_looking_through_all_products_finds(
        self, readings: list[list[ProductFacts]], category: str | None, dearest: Decimal | None
    ) -> None:
        rows = {row.id: row for reading in readings for row in reading}
        expected = [
            row.id
            for row in reversed(rows.values())
            if category is None or category.casefold() in str(row.kind).casefold()
            if dearest is None or row.price <= dearest
        ]
        catalogue = catalogue_of(*readings)
        try:
            wanted = catalogue.narrowing(category, dearest)
        except (UnknownCategoryError, CatalogueUnreadError):
            assert expected == []
            return

        buyable = [i for i in expected if rows[i].availability is Availability.IN_STOCK]
        assert list(catalogue.newest_of(wanted)) == buyable
        assert [i for i in reversed(rows) if catalogue.fits(i, wanted)] == expected
        assert catalogue.newest == tuple(catalogue.newest_of())[:5]
        assert catalogue.unavailable == {
            row.id for row in rows.values() if row.availability is not Availability.IN_STOCK
        }
        assert len(catalogue) == len(rows)

    def test_a_change_leaves_the_catalogue_before_as_it_was(self) -> None:
        before = catalogue_of([ProductFacts(1, SHIRT, Decimal(1), Availability.IN_STOCK)])

        before.changed(
            [
                ProductFacts(1, SHOE, Decimal(2), Availability.RETIRED),
                ProductFacts(2, SHOE, Decimal(2), Availability.IN_STOCK),
            ],
            NOW,
        )

        assert list(before.newest_of()) == [1]
        assert before.kind_of(1) == SHIRT
        assert before.is_active(1)
        assert 2 not in before

    def test_what_is_unknown_counts_as_buyable_but_is_of_no_kind(self) -> None:
        catalogue = Catalogue()

        assert catalogue.is_active(1)
        assert catalogue.fits(1, EVERYTHING)
        assert not catalogue.fits(1, Narrowing(None, 100))
        assert catalogue.kind_of(1) is None
        assert catalogue.same_article_type([1]) == Narrowing(frozenset())

    def test_the_dearest_price_there_can_be_is_kept(self) -> None:
        dearest = Decimal("9999999999.99")
        catalogue = catalogue_of([ProductFacts(1, SHOE, dearest, Availability.IN_STOCK)])

        assert list(catalogue.newest_of(catalogue.narrowing(None, dearest))) == [1]
        assert list(catalogue.newest_of(catalogue.narrowing(None, dearest - 1))) == []

    def test_among_many_cheap_products_the_newest_are_found(self) -> None:
        catalogue = catalogue_of(
            [
                ProductFacts(number, (SHIRT, SHOE)[number % 2], Decimal(1), Availability.IN_STOCK)
                for number in range(1, 2001)
            ]
        )

        newest = catalogue.newest_of(catalogue.narrowing("Shoes", Decimal(1)))

        assert [next(newest), next(newest)] == [1999, 1997]

    def test_an_unknown_article_type_is_like_no_other(self) -> None:
        catalogue = catalogue_of(
            [ProductFacts(number, SHOE, Decimal(1), Availability.IN_STOCK) for number in (1, 2)]
        )

        assert list(catalogue.newest_of(catalogue.same_article_type([1]))) == []


@pytest.mark.servers
class TestCatalogueRepository:
    @pytest.fixture
    def repository(self, catalogue: Database) -> Iterable[CatalogueRepository]:
        engine = mysql_engine(catalogue.owner_url)
        yield CatalogueRepository(engine, overlap=timedelta(minutes=1))
        engine.dispose()

    def test_all_is_read_first_and_then_only_what_has_changed(
        self, catalogue: Database, repository: CatalogueRepository
    ) -> None:
        first = repository.read(Catalogue(newest_length=2))
        name = catalogue.name
        catalogue.execute(
            f"UPDATE {name}.products SET stock = 0, updated_at = UTC_TIMESTAMP(6)"  # noqa: S608
            " - INTERVAL 30 SECOND WHERE id = 40",
            f"UPDATE {name}.products SET stock = 0 WHERE id = 39",  # noqa: S608
        )

        second = repository.read(first)

        assert (first.newest, first.unavailable) == ((40, 39), frozenset())
        # 39 bears a time from before the overlap: the shop makes no such change.
        assert (second.newest, second.unavailable) == ((39, 38), frozenset({40}))

    def test_a_new_product_is_the_newest(
        self,
        repository: CatalogueRepository,
        catalogue: Database,
        add_products: Callable[[Iterable[int]], None],
    ) -> None:
        first = repository.read(Catalogue(newest_length=2))
        add_products([41])
        catalogue.execute(
            f"UPDATE {catalogue.name}.products SET updated_at = UTC_TIMESTAMP(6)"  # noqa: S608
            " WHERE id = 41"
        )

        second = repository.read(first)

        assert second.newest == (41, 40)
        assert second.kind_of(41) == Kind("Apparel", "Topwear", "Topwear")

    def test_a_retired_product_is_not_active(
        self, catalogue: Database, repository: CatalogueRepository
    ) -> None:
        catalogue.execute(
            f"UPDATE {catalogue.name}.products SET is_active = 0 WHERE id = 40"  # noqa: S608
        )

        read = repository.read(Catalogue())

        assert not read.is_active(40)
        assert read.is_active(39)

    def test_a_database_that_is_away_says_so(self) -> None:
        engine = mysql_engine("mysql+pymysql://nobody@127.0.0.1:1/none")
        repository = CatalogueRepository(engine, overlap=timedelta(0))

        with pytest.raises(StoreUnavailableError):
            repository.read(Catalogue())
