"""The data sets of Amazon Personalize's ECOMMERCE domain, and the rules that it holds them to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from exporter.exports.errors import UnfitDataError

NAMESPACE: Final = "com.amazonaws.personalize.schema"
LONGEST_ID: Final = 256
LONGEST_CATEGORY: Final = 1_000
FEWEST_INTERACTIONS: Final = 1_000
"""With fewer, Personalize trains nothing."""

_ARROW: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "long": pa.int64(),
    "float": pa.decimal128(12, 2),
}
"""Money stays exact in the file; Personalize reads it as a float."""


@dataclass(frozen=True)
class Field:
    """One column: its Avro type, and whether it is a category and may be empty."""

    name: str
    type: str = "string"
    is_category: bool = False
    is_nullable: bool = False

    def to_avro(self) -> dict[str, Any]:
        """Return it as Personalize's schemas write it."""
        kind: str | list[str] = ["null", self.type] if self.is_nullable else self.type
        return {"name": self.name, "type": kind} | (
            {"categorical": True} if self.is_category else {}
        )


@dataclass(frozen=True)
class Dataset:
    """One data set: its name, file and columns."""

    name: str
    fields: Sequence[Field]

    @property
    def file(self) -> str:
        """Return the file's name."""
        return f"{self.name.lower()}.csv"

    @property
    def schema_file(self) -> str:
        """Return the name of the file with its schema."""
        return f"{self.name.lower()}.schema.json"

    def to_avro(self) -> dict[str, Any]:
        """Return the schema that Personalize asks for."""
        return {
            "type": "record",
            "name": self.name,
            "namespace": NAMESPACE,
            "fields": [field.to_avro() for field in self.fields],
            "version": "1.0",
        }

    def to_arrow(self) -> pa.Schema:
        """Return the columns in Arrow's terms."""
        return pa.schema([(field.name, _ARROW[field.type]) for field in self.fields])

    def batch(self, columns: Sequence[Any]) -> pa.RecordBatch:
        """Return the columns as rows, or raise UnfitDataError if Personalize would refuse them."""
        schema = self.to_arrow()
        cast = [column.cast(kind) for column, kind in zip(columns, schema.types, strict=True)]
        for field, column in zip(self.fields, cast, strict=True):
            self._check(field, column)
        return pa.RecordBatch.from_arrays(cast, schema=schema)

    def _check(self, field: Field, column: Any) -> None:
        if not field.is_nullable and column.null_count:
            raise UnfitDataError(self.file, field.name, "is missing in a row")
        if field.type != "string" or not len(column):
            return
        lengths = pc.utf8_length(column)
        if not field.is_nullable and not pc.min(lengths).as_py():
            raise UnfitDataError(self.file, field.name, "is empty in a row")
        most = LONGEST_CATEGORY if field.is_category else LONGEST_ID
        if (pc.max(lengths).as_py() or 0) > most:
            raise UnfitDataError(self.file, field.name, f"is longer than {most} characters")


def _category(name: str, *, is_nullable: bool = True) -> Field:
    return Field(name, is_category=True, is_nullable=is_nullable)


# No RECOMMENDATION_ID: Personalize takes it for an answer of its own. No CREATION_TIMESTAMP: the
# lake does not know it, and Personalize then takes an item's oldest interaction.
INTERACTIONS: Final = Dataset(
    "Interactions",
    (
        Field("USER_ID"),
        Field("ITEM_ID"),
        Field("EVENT_TYPE"),
        Field("EVENT_VALUE", "float", is_nullable=True),
        Field("TIMESTAMP", "long"),
    ),
)
ITEMS: Final = Dataset(
    "Items",
    (
        Field("ITEM_ID"),
        Field("PRICE", "float"),
        _category("CATEGORY_L1", is_nullable=False),
        _category("CATEGORY_L2"),
        _category("CATEGORY_L3"),
        _category("GENDER"),
        _category("BASE_COLOUR"),
        _category("SEASON"),
        _category("USAGE"),
        _category("IS_ACTIVE", is_nullable=False),
    ),
)
USERS: Final = Dataset(
    "Users",
    (
        Field("USER_ID"),
        _category("SEX"),
        _category("AGE_BAND"),
        _category("CITY"),
        _category("COUNTRY"),
    ),
)
