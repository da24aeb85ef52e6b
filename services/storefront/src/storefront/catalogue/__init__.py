"""The catalogue: what the shop sells, and how it gets there."""
