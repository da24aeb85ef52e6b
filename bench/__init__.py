"""Benchmarks: what the hot paths reach on this machine, side by side with the plain way."""
