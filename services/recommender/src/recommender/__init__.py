"""Folds each interaction into fresh picks and serves them."""
