"""Names that the stack, its outputs and the local cloud share."""

from typing import Final

STACK: Final = "fashion-store"
EVENT_STREAM: Final = "clickstream"
SHOPPERS_KEY: Final = "user_id"
TRENDS_KEY: Final = "scope"
TRENDS_SORT_KEY: Final = "part"
MODELS_KEY: Final = "name"
EXPIRY_ATTRIBUTE: Final = "expires_at"
"""When DynamoDB may drop an item of shoppers or trends, in seconds since 1970."""
GLUE_DATABASE: Final = "fashion_store"
RECOMMENDER_BUNDLE: Final = "recommender"
EXPORTER_BUNDLE: Final = "exporter"
