"""Purchases: priced by the server, all or nothing, the same answer to the same key."""
