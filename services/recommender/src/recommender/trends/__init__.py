"""Trends: what the shop's visitors want just now."""
