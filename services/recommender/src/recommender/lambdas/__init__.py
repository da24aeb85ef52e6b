"""Addresses that AWS calls."""
