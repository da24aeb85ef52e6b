"""The plain way to serve picks: one endpoint, one boto3 get_item of typed attributes a request."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from fastapi import FastAPI
from pydantic import BaseModel

from bench.dynamodb_stand_in import TYPED

CONNECTIONS = 64

app = FastAPI()
dynamodb = boto3.session.Session().client(
    "dynamodb", config=Config(max_pool_connections=CONNECTIONS)
)
deserialize = TypeDeserializer().deserialize


class Product(BaseModel):
    """One pick."""

    product_id: int
    score: Decimal
    reason: str
    source: str
    because_of: int | None


class Recommendations(BaseModel):
    """A shopper's picks."""

    user_id: str
    generated_at: datetime
    items: list[Product]


@app.get("/recommendations/{user_id}", response_model=Recommendations)
def get_recommendations(user_id: str, limit: int = 12) -> dict[str, Any]:
    """Read the item and return its first picks."""
    answer: Any = dynamodb.get_item(TableName=TYPED, Key={"user_id": {"S": user_id}})
    item = {name: deserialize(value) for name, value in answer["Item"].items()}
    return {**item, "items": item["items"][:limit]}
