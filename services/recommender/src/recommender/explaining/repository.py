"""What an explanation reads besides model and trends: the shopper's item, and products by name."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, bindparam, text
from sqlalchemy.exc import SQLAlchemyError

from fashion_contracts.picks import SHOPPERS_KEY, Shopper
from recommender.errors import StoreUnavailableError
from recommender.stores import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_UNAVAILABLE: Final = text("SELECT id FROM products WHERE stock = 0 OR NOT is_active")
_NAMES: Final = text(
    "SELECT id, product_display_name FROM products WHERE id IN :product_ids"
).bindparams(bindparam("product_ids", expanding=True))


class ExplainingRepository:
    """Reads a shopper as they are stored, and the catalogue as people know it."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, engine: Engine) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._engine = engine

    def shopper(self, user_id: str) -> Shopper:
        """Return the shopper; one who is not known has done nothing yet."""
        with aws_errors("read a shopper"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={SHOPPERS_KEY: {"S": user_id}}
            )
        item: Any = answer.get("Item")
        return Shopper.from_attributes(item) if item else Shopper(user_id)

    def unavailable(self) -> frozenset[int]:
        """Return the products that cannot be bought."""
        return frozenset(row[0] for row in self._rows(_UNAVAILABLE))

    def names(self, product_ids: Collection[int]) -> dict[int, str]:
        """Return the products' names."""
        rows = self._rows(_NAMES, {"product_ids": sorted(product_ids)})
        return {product_id: name or "" for product_id, name in rows}

    def _rows(self, statement: Any, parameters: dict[str, Any] | None = None) -> list[Any]:
        try:
            with self._engine.connect() as connection:
                return [*connection.execute(statement, parameters or {})]
        except SQLAlchemyError as error:
            raise StoreUnavailableError("read the catalogue", type(error).__name__) from error
