"""The lake as other programs read it."""
