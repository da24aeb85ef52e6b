"""Users: who shops here, and how they prove it."""
