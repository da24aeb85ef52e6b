"""The Faker-driven shopper bot: HTTP only."""
