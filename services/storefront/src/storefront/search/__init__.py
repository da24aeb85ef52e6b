"""Search: the catalogue in memory, which answers lists, searches and counts."""
