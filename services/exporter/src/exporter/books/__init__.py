"""The books: purchases, lines, products and users, read from MySQL and cleaned."""
