"""Pictures of products: those the shop has, and those it draws."""
