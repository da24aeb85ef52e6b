"""Picks: ranked for a shopper, and served."""
