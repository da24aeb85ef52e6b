"""Evaluation: the recommender on public clickstreams, beside its rivals."""
