"""Housekeeping: what is over is cleared, beside the relay, a little at a time."""
