"""What stands on an invoice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from storefront.invoices.repository import InvoiceRepository
from storefront.models import Payment, PaymentStatus, Purchase, PurchaseLine, User
from storefront.payments.repository import PaymentRepository
from storefront.purchases.lifecycle_service import PurchaseHistory

# What was declined, or is not known yet, moved no money.
_MOVED_MONEY: Final = frozenset(
    {PaymentStatus.APPROVED, PaymentStatus.REFUND_DUE, PaymentStatus.REFUNDED}
)


@dataclass(frozen=True)
class Invoice:
    """One purchase with everything that its invoice shows."""

    purchase: Purchase
    buyer: User | None
    payments: Sequence[Payment]
    product_names: Mapping[int, str | None]

    @property
    def buyer_name(self) -> str | None:
        """Return the buyer's name, if they have one here."""
        names = (self.buyer.first_name, self.buyer.last_name) if self.buyer else ()
        return " ".join(name for name in names if name) or None

    @property
    def is_tax_included(self) -> bool:
        """Say whether the prices hold the tax; else it came on top."""
        return self.purchase.subtotal + self.purchase.shipping == self.purchase.total

    def name_of(self, line: PurchaseLine) -> str:
        """Return the name of a line's product."""
        return self.product_names.get(line.product_id) or f"Product {line.product_id}"

    def money(self, amount: Decimal) -> str:
        """Return an amount as it is written on the invoice."""
        return f"{self.purchase.currency} {amount:,.2f}"


class InvoiceService:
    """Puts invoices together."""

    def __init__(
        self, history: PurchaseHistory, payments: PaymentRepository, invoices: InvoiceRepository
    ) -> None:
        self._history = history
        self._payments = payments
        self._invoices = invoices

    def get(self, purchase_id: str) -> Invoice:
        """Return the invoice; raise PurchaseNotFoundError if it is none to be seen."""
        purchase = self._history.get(purchase_id)
        payments = reversed(self._payments.list_of(purchase_id))
        return Invoice(
            purchase,
            self._invoices.buyer(purchase),
            [payment for payment in payments if payment.status in _MOVED_MONEY],
            self._invoices.product_names([line.product_id for line in purchase.lines]),
        )
