"""Stock: what the shop has of each product, and every movement of it."""
