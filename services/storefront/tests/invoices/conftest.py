"""Purchases and staff, as the lifecycle's tests make them."""

from services.storefront.tests.lifecycle.conftest import make_purchase, staff  # noqa: F401
