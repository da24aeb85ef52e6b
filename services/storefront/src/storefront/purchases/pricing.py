"""What a purchase costs: its lines, shipping and tax, which add up to the cent.

Money is rounded once for the whole purchase, half a cent up. The buyer pays `shipping_fee` for
shipping, tax included, whichever way the prices are kept; at a fee of 105.00, a rate of 5 % and
lines worth 1,000.00:

prices include tax  subtotal 1,000.00 + shipping 105.00 = total 1,105.00, of which 52.62 is tax
prices exclude it   subtotal 1,000.00 + shipping 100.00 + tax 55.00 = total 1,155.00
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple, Self

from storefront.settings import PurchaseSettings

_CENT: Final = Decimal("0.01")
_NOTHING: Final = Decimal("0.00")


class Charge(NamedTuple):
    """The parts of a price. `tax` is within the others where prices include it, else on top."""

    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True)
class Tariff:
    """The shop's rules for tax and shipping."""

    tax_rate: Decimal
    prices_include_tax: bool
    shipping_fee: Decimal
    free_shipping_from: Decimal | None

    @classmethod
    def of(cls, settings: PurchaseSettings) -> Self:
        """Return the tariff that the settings describe."""
        return cls(
            settings.tax_rate,
            settings.prices_include_tax,
            in_cents(settings.shipping_fee),
            settings.free_shipping_from,
        )

    def charge(self, subtotal: Decimal) -> Charge:
        """Return what lines of this worth cost altogether."""
        is_free = self.free_shipping_from is not None and subtotal >= self.free_shipping_from
        fee = _NOTHING if is_free else self.shipping_fee
        if self.prices_include_tax:
            total = subtotal + fee
            return Charge(subtotal, fee, self._tax_within(total), total)
        tax_of_fee = self._tax_within(fee)
        tax = in_cents(subtotal * self.tax_rate) + tax_of_fee
        shipping = fee - tax_of_fee
        return Charge(subtotal, shipping, tax, subtotal + shipping + tax)

    def _tax_within(self, amount: Decimal) -> Decimal:
        return in_cents(amount * self.tax_rate / (1 + self.tax_rate))


def in_cents(amount: Decimal) -> Decimal:
    """Return the amount rounded to cents, half a cent up."""
    return amount.quantize(_CENT, ROUND_HALF_UP)
