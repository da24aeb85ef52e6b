"""Carts: what a user is about to buy."""
