"""The events of a business day: read from the landing zone, each once."""
