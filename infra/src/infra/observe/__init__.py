"""What can be seen of the running shop: its figures, gathered in one place, and a board of them."""
