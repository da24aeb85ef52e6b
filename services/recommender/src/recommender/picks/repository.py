"""What serving reads: the shopper's item from DynamoDB, the products' availability from MySQL."""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from fashion_contracts.picks import SHOPPERS_KEY, Shopper
from recommender.errors import StoreUnavailableError
from recommender.picks.schemas import Availability
from recommender.stores import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The fence stays behind: it is of no use to a reader.
_SERVED: Final = f"{SHOPPERS_KEY}, history, cart, bought, picks, model"
_UNAVAILABLE: Final = text("SELECT id FROM products WHERE stock = 0 OR NOT is_active")
_NEWEST: Final = text(
    "SELECT id FROM products WHERE is_active AND stock > 0"
    " ORDER BY created_at DESC, id DESC LIMIT :limit"
)


class PicksRepository:
    """Reads shoppers for those who look at their picks: half a read unit each."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, user_id: str) -> Shopper:
        """Return the shopper; one who is not known has done nothing yet."""
        with aws_errors("read a shopper"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key={SHOPPERS_KEY: {"S": user_id}},
                ProjectionExpression=_SERVED,
            )
        item: Any = answer.get("Item")
        return Shopper.from_attributes(item) if item else Shopper(user_id)

    def check(self) -> None:
        """Raise StoreUnavailableError unless the table answers."""
        self.get("-")


class AvailabilityRepository:
    """Reads from the catalogue what can be bought."""

    def __init__(self, engine: Engine, *, newest_products: int) -> None:
        self._engine = engine
        self._newest_products = newest_products

    def read(self) -> Availability:
        """Return which products cannot be bought, and the newest that can."""
        try:
            with self._engine.connect() as connection:
                unavailable = connection.scalars(_UNAVAILABLE).all()
                newest = connection.scalars(_NEWEST, {"limit": self._newest_products}).all()
        except SQLAlchemyError as error:
            raise StoreUnavailableError("read the catalogue", type(error).__name__) from error
        return Availability(frozenset(unavailable), tuple(newest))
