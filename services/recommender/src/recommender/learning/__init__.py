"""Learning: from the lake's events and the catalogue to a model, behind a quality gate."""
