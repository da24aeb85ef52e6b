"""The catalogue: what the shop sells, shown to shoppers and kept by the shop's people."""
