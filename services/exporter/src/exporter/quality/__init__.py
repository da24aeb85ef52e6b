"""The quality gate: rules that a day's rows must keep before anybody sees them."""
