"""What the cloud costs, and what gives way first, at each size of shop: a small model."""
