"""Experiments: two ways of ranking shown side by side, and what each of them is worth."""
