"""Explaining: why a shopper gets these picks, step by step."""
