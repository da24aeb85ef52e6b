"""The load test: a shop of its own under arrivals that do not wait, held to what it promises."""
