"""Tokens: how shoppers, guests and systems prove who they are, for a while."""
