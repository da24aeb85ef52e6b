"""The contract's tables in Iceberg's and Arrow's terms."""

from collections.abc import Sequence

import pyarrow as pa
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from fashion_contracts.lake import ColumnType, Table

LakeRow = dict[str, object]

FIRST_PARTITION_FIELD_ID = 1000

TYPES: dict[ColumnType, IcebergType] = {
    ColumnType.STRING: StringType(),
    ColumnType.INT: IntegerType(),
    ColumnType.LONG: LongType(),
    ColumnType.DOUBLE: DoubleType(),
    ColumnType.BOOLEAN: BooleanType(),
    ColumnType.DATE: DateType(),
    ColumnType.INSTANT: TimestamptzType(),
    ColumnType.MONEY: DecimalType(12, 2),
}

# Metadata files older than the last thirty commits are dropped; zstd is for others that write.
PROPERTIES = {
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "30",
}


def iceberg_schema(table: Table) -> Schema:
    """Return the table's columns with their meanings."""
    return Schema(
        *(
            NestedField(number, column.name, TYPES[column.type], column.required, doc=column.doc)
            for number, column in enumerate(table.columns, start=1)
        )
    )


def arrow_schema(table: Table) -> pa.Schema:
    """Return the table's columns as Arrow has them, nulls forbidden where the contract does."""
    return iceberg_schema(table).as_arrow()


def as_batch(table: Table, rows: Sequence[LakeRow]) -> pa.RecordBatch:
    """Return the table's rows as one Arrow batch."""
    return pa.RecordBatch.from_pylist(list(rows), schema=arrow_schema(table))


def partition_spec(table: Table, schema: Schema) -> PartitionSpec:
    """Return how the table is partitioned: by its business day as it is, or not at all."""
    if table.partition is None:
        return UNPARTITIONED_PARTITION_SPEC
    source = schema.find_field(table.partition)
    field = PartitionField(
        source.field_id, FIRST_PARTITION_FIELD_ID, IdentityTransform(), table.partition
    )
    return PartitionSpec(field)
