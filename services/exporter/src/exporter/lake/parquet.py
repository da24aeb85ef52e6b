"""One Parquet file of a table, packed for what the columns hold, as Iceberg describes it."""

from datetime import date
from typing import IO, Any, cast
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table as IcebergTable
from pyiceberg.typedef import Record

# What is packed by column leaves little to zstd: its first level is as small as its third.
_COMPRESSION_LEVEL = 1


class ParquetFile:
    """A file that grows by row groups; no reader sees it before a snapshot names it."""

    def __init__(self, table: IcebergTable, day: date | None) -> None:
        self.rows = 0
        self._table = table
        self._partition = _partition_key(table, day)
        path = table.location_provider().new_data_location(f"{uuid4()}.parquet", self._partition)
        self._output = table.io.new_output(path)
        schema = table.schema().as_arrow()
        self._stream = self._output.create()
        self._writer = pq.ParquetWriter(
            cast(IO[Any], self._stream),
            schema,
            compression="zstd",
            compression_level=_COMPRESSION_LEVEL,
            store_decimal_as_integer=True,
            **encodings(schema),
        )

    def write(self, rows: pa.Table) -> None:
        """Write the rows as a row group."""
        self._writer.write_table(rows)
        self.rows += rows.num_rows

    def close(self) -> DataFile:
        """End the file, and return how Iceberg describes it."""
        with self._stream:
            self._writer.close()
        schema = self._table.schema()
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=self._writer.writer.metadata,
            stats_columns=compute_statistics_plan(schema, self._table.properties),
            parquet_column_mapping=parquet_path_to_id_mapping(schema),
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self._output.location,
            file_format=FileFormat.PARQUET,
            partition=self._partition.partition if self._partition else Record(),
            file_size_in_bytes=len(self._output),
            sort_order_id=None,
            spec_id=self._table.spec().spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )


def encodings(schema: pa.Schema) -> dict[str, Any]:
    """Return how each column is packed, in the words of pyarrow's ParquetWriter.

    Ids are too many for a dictionary, and begin like the one before them; so do instants, in order.
    """
    packed = {field.name: way for field in schema if (way := _encoding(field)) is not None}
    return {
        "column_encoding": packed,
        "use_dictionary": [name for name in schema.names if name not in packed],
    }


def _encoding(field: "pa.Field[Any]") -> str | None:
    if pa.types.is_timestamp(field.type):
        return "DELTA_BINARY_PACKED"
    is_text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    if is_text and (field.name == "id" or field.name.endswith(("_id", "_key"))):
        return "DELTA_BYTE_ARRAY"
    return None


def _partition_key(table: IcebergTable, day: date | None) -> PartitionKey | None:
    if day is None:
        return None
    spec = table.spec()
    return PartitionKey([PartitionFieldValue(spec.fields[0], day)], spec, table.schema())
