"""Renewing the marts: which days, once each, and never with rows that break the contract."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from exporter.lake.tables import arrow_schema
from exporter.marts.definitions import ALL_MARTS
from exporter.marts.errors import MartError
from exporter.marts.service import checked
from fashion_contracts.marts import (
    CATEGORY_TREND_DAILY,
    CUSTOMER_RFM,
    FUNNEL_DAILY,
    MARTS,
    SALES_DAILY,
)
from fashion_kit.aws import client

DAY = date(2026, 3, 8)
DAILY = {mart.table.name: mart for mart in ALL_MARTS}


def later(days: int) -> date:
    return DAY + timedelta(days=days)


class TestDays:
    KNOWN = frozenset(later(days) for days in (-1, 0, 1, 28, 29, 400))

    @pytest.mark.parametrize(
        ("mart", "renewed"),
        [
            (FUNNEL_DAILY, [0]),
            (CATEGORY_TREND_DAILY, [0, 1, 28]),
            (SALES_DAILY, [0, 1, 28, 29, 400]),
        ],
    )
    def test_days_that_look_back_on_a_change_are_renewed(self, mart: Any, renewed: Any) -> None:
        days = DAILY[mart.name].days_to_renew({DAY}, set(self.KNOWN))
        assert days == [later(day) for day in renewed]


@pytest.mark.servers
class TestRefresh:
    def test_each_day_and_each_whole_mart_is_one_snapshot(self, lake: Any) -> None:
        for day in (DAY, later(1), later(2)):
            lake.buy("ann", (1, 1, "5.00"), day=day)
        lake.refresh()

        assert (lake.snapshots(SALES_DAILY), lake.snapshots(CUSTOMER_RFM)) == (3, 1)
        assert lake.rows(CUSTOMER_RFM)[0]["as_of"] == later(2)

    def test_an_old_day_leaves_the_whole_marts_at_the_latest(self, lake: Any) -> None:
        lake.buy("ann", (1, 1, "5.00"), day=DAY)
        lake.buy("bob", (1, 1, "5.00"), day=later(3))
        lake.refresh(DAY)

        assert {row["as_of"] for row in lake.rows(CUSTOMER_RFM)} == {later(3)}

    def test_renewing_again_changes_no_row(self, lake: Any) -> None:
        lake.sell(1, season="Summer")
        lake.act("ann", "product_view", 1)
        lake.buy("ann", (1, 1, "5.00"))
        written = lake.refresh()
        once = {table.name: lake.rows(table) for table in MARTS}

        assert lake.refresh() == written
        assert {table.name: lake.rows(table) for table in MARTS} == once
        assert written["funnel_daily"] == 5

    def test_an_empty_lake_has_every_mart_and_no_person_in_it(self, lake: Any) -> None:
        written = lake.refresh(DAY)

        assert {table.name: len(lake.rows(table)) for table in MARTS} == written
        assert {name for name, rows in written.items() if rows} == {"sales_daily", "funnel_daily"}

    def test_without_a_loaded_day_nothing_is_renewed(self, lake: Any) -> None:
        assert set(lake.refresh().values()) == {0}

    def test_a_lake_that_lacks_a_table_is_named(self, lake: Any) -> None:
        lake.catalog.drop_table((lake.name, "purchases"))

        with pytest.raises(MartError, match=r"sales_daily was not published: .*no table purchases"):
            lake.refresh(DAY)

    def test_every_column_says_in_glue_what_it_is(self, lake: Any) -> None:
        lake.refresh(DAY)

        for table in MARTS:
            found = client("glue").get_table(DatabaseName=lake.name, Name=table.name)["Table"]
            columns = found["StorageDescriptor"]["Columns"]
            documented = {column["Name"]: column.get("Comment") for column in columns}
            assert documented == {column.name: column.doc for column in table.columns}


class TestContract:
    ROW = ("ann", 1, 1, "5.00", 1, 1, 1, "new", DAY)

    def rows(self, **columns: list[Any]) -> pa.Table:
        schema = arrow_schema(CUSTOMER_RFM)
        given = dict(zip(schema.names, ([value] for value in self.ROW), strict=True)) | columns
        return pa.table(given)

    def test_rows_that_keep_to_it_get_its_types(self) -> None:
        assert checked(CUSTOMER_RFM, self.rows()).schema == arrow_schema(CUSTOMER_RFM)

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            ({"segment": pa.array([None], pa.string())}, "segment is null"),
            ({"monetary": ["99999999999.00"]}, "monetary: .*does not fit"),
            ({"frequency": ["many"]}, "frequency: .*many"),
        ],
    )
    def test_rows_that_break_it_are_refused(self, columns: Any, reason: str) -> None:
        with pytest.raises(MartError, match=reason):
            checked(CUSTOMER_RFM, self.rows(**columns))

    def test_a_column_too_few_is_refused(self) -> None:
        with pytest.raises(MartError, match="segment is missing"):
            checked(CUSTOMER_RFM, self.rows().drop_columns(["segment"]))

    def test_a_key_that_is_there_twice_is_refused(self) -> None:
        twice = pa.concat_tables([self.rows(), self.rows()])
        with pytest.raises(MartError, match=r"a key \(user_key\) is there twice"):
            checked(CUSTOMER_RFM, twice)

    def test_the_marts_are_those_of_the_contract(self) -> None:
        assert tuple(mart.table for mart in ALL_MARTS) == MARTS
