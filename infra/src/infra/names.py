"""Names that the stack, its outputs and the local cloud share."""

from typing import Final

STACK: Final = "fashion-store"
"""The stack of one machine; on AWS the stage and what is in it follow."""
DATABASE: Final = "fashion"
"""The schema with the shop's books."""
EVENT_STREAM: Final = "clickstream"
EXPIRY_ATTRIBUTE: Final = "expires_at"
"""When DynamoDB may drop an item of shoppers or trends, in seconds since 1970."""
GLUE_DATABASE: Final = "fashion_store"
WORKGROUP: Final = "fashion-store"
"""Athena's workgroup, in which the named queries are."""
ANSWERS_PREFIX: Final = "answers/"
"""Where in the clean bucket Athena puts what it found; it expires by itself."""
DELTAS_PREFIX: Final = "deltas/"
"""Where in the model bucket a refresh puts what is new since the build; it expires by itself."""
MODEL_KEYS: Final = ("models/*", f"{DELTAS_PREFIX}*")
"""Where in the model bucket everything lies."""

ONE_MACHINE: Final = "local"
"""What the variant for one machine is called beside the stages."""

ON_ONE_MACHINE: Final = {
    "Picks/Shoppers": ("TableName", "fashion-shoppers"),
    "Picks/Trends": ("TableName", "fashion-trends"),
    "Picks/Models": ("TableName", "fashion-models"),
    "Lake/Landing": ("BucketName", "fashion-landing-zone"),
    "Lake/Clean": ("BucketName", "fashion-clean-zone"),
    "Lake/Models": ("BucketName", "fashion-model-zone"),
    "Interactions/OnInteractions/Function": ("FunctionName", "fashion-on-interactions"),
    "Interactions/Failures": ("QueueName", "fashion-interactions-failures"),
    "DailyLoad/OnDemand/Function": ("FunctionName", "fashion-daily-load"),
}
"""Physical names where there is only one shop; AWS makes its own, as they are global there."""


def foundation_stack(stage: str) -> str:
    """Return the name of the stack with what holds data, and the network."""
    return f"{STACK}-{stage}-foundation"


def services_stack(stage: str) -> str:
    """Return the name of the stack with what runs."""
    return f"{STACK}-{stage}-services"
