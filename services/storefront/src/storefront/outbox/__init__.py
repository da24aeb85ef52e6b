"""The outbox relay: what a commit left behind reaches the stream, at least once."""
