"""Loads a business day of purchases and events into the lake."""
