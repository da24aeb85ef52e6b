"""Invoices: what a purchase cost and how it was paid, as a page to read and to print."""
