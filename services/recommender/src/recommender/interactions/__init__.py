"""Interactions: folded into what is known of a shopper."""
