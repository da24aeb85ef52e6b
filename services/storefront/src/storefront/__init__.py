"""The REST API of the shop: catalogue, users, carts, purchases, events."""
