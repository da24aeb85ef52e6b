"""The invoice's page: one file of HTML with its own style, and a policy that allows no more."""

from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from storefront.invoices.service import Invoice

_FILES: Final = PackageLoader("storefront.invoices", "templates")
_TEMPLATES: Final = Environment(
    loader=_FILES,
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _day(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"


_TEMPLATES.filters["day"] = _day
_STYLE: Final = _FILES.get_source(_TEMPLATES, "invoice.css")[0]
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page_of(invoice: Invoice, shop_name: str) -> str:
    """Return the invoice's HTML."""
    return _TEMPLATES.get_template("invoice.html").render(
        # Ours, and the policy's hash is of exactly these bytes.
        style=Markup(_STYLE),  # noqa: S704
        shop_name=shop_name,
        invoice=invoice,
        purchase=invoice.purchase,
    )
