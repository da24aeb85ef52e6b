"""Erasing people from the lake and the landing zone, once they asked to be forgotten."""
