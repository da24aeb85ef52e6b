"""The Faker-driven shopper bot: believable people who visit the shop over HTTP, and only HTTP."""
