"""One construct for each capability of the shop's cloud."""
