"""Loading: how products get into the catalogue, generated or from a file."""
