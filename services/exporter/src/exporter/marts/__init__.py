"""The marts: what the lake's tables come to, computed in Athena's SQL and kept beside them."""
