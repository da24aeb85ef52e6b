"""Prices: the parts add up to the cent, whatever the shop's rules are."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.purchases.pricing import Charge, Tariff
from storefront.settings import PurchaseSettings

INCLUSIVE = Tariff(
    tax_rate=Decimal("0.05"),
    prices_include_tax=True,
    shipping_fee=Decimal("105.00"),
    free_shipping_from=None,
)
EXCLUSIVE = replace(INCLUSIVE, prices_include_tax=False)

CENT = Decimal("0.01")
money = st.decimals("0.01", "9999999.99", places=2)
tariffs = st.builds(
    Tariff,
    tax_rate=st.decimals("0", "0.9999", places=4),
    prices_include_tax=st.booleans(),
    shipping_fee=st.decimals("0", "9999.99", places=2),
    free_shipping_from=st.none() | money,
)


def charge(*parts: str) -> Charge:
    return Charge(*map(Decimal, parts))


class TestCharge:
    def test_the_examples_of_the_module_hold(self) -> None:
        subtotal = Decimal("1000.00")
        assert INCLUSIVE.charge(subtotal) == charge("1000.00", "105.00", "52.62", "1105.00")
        assert EXCLUSIVE.charge(subtotal) == charge("1000.00", "100.00", "55.00", "1155.00")

    @pytest.mark.parametrize(("subtotal", "shipping"), [("499.99", "105.00"), ("500.00", "0.00")])
    def test_shipping_is_free_from_a_worth_on(self, subtotal: str, shipping: str) -> None:
        tariff = replace(INCLUSIVE, free_shipping_from=Decimal("500.00"))
        assert str(tariff.charge(Decimal(subtotal)).shipping) == shipping

    @pytest.mark.parametrize(("rate", "tax"), [("0.05", "0.01"), ("0.0499", "0.00")])
    def test_half_a_cent_is_rounded_up(self, rate: str, tax: str) -> None:
        tariff = Tariff(Decimal(rate), False, Decimal(0), None)
        assert tariff.charge(Decimal("0.10")).tax == Decimal(tax)

    @given(tariffs, money)
    def test_the_parts_add_up_to_the_cent_and_none_is_negative(
        self, tariff: Tariff, subtotal: Decimal
    ) -> None:
        priced = tariff.charge(subtotal)
        on_top = Decimal(0) if tariff.prices_include_tax else priced.tax
        assert priced.total == subtotal + priced.shipping + on_top
        assert min(priced) >= 0
        assert all(part == part.quantize(CENT) for part in priced)

    @given(tariffs, money)
    def test_the_buyer_pays_the_fee_whichever_way_prices_are_kept(
        self, tariff: Tariff, subtotal: Decimal
    ) -> None:
        with_fee = tariff.charge(subtotal)
        without = replace(tariff, shipping_fee=Decimal("0.00")).charge(subtotal)
        is_free = tariff.free_shipping_from is not None and subtotal >= tariff.free_shipping_from
        assert with_fee.total - without.total == (0 if is_free else tariff.shipping_fee)

    @given(tariffs, money)
    def test_tax_is_the_rate_of_what_is_left_without_it(
        self, tariff: Tariff, subtotal: Decimal
    ) -> None:
        priced = tariff.charge(subtotal)
        # Rounded once for the lines and once for the fee where prices exclude tax.
        assert abs(priced.tax - (priced.total - priced.tax) * tariff.tax_rate) <= 2 * CENT


class TestOf:
    def test_the_settings_alone_charge_nothing_on_top(self) -> None:
        tariff = Tariff.of(PurchaseSettings())
        assert tariff.charge(Decimal("105.00")) == charge("105.00", "0.00", "5.00", "105.00")
