"""The folder that an export goes to: on this machine or in S3."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa
import pyarrow.csv as csv
from pyiceberg.io import FileIO, OutputStream

MANIFEST: Final = "manifest.json"


@dataclass(frozen=True)
class Folder:
    """A folder and what is written into it.

    The manifest is taken away first and written last: where there is one, the files beside it are
    whole and of one export.
    """

    io: FileIO
    location: str

    def begin(self) -> None:
        """Make the folder, and take an earlier export's manifest away."""
        if "://" not in self.location:
            Path(self.location).mkdir(parents=True, exist_ok=True)
        manifest = self.io.new_input(self._path(MANIFEST))
        if manifest.exists():
            self.io.delete(manifest)

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Say that all is written, and what."""
        self.write_json(MANIFEST, manifest)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file."""
        with self._create(name) as stream:
            stream.write(f"{json.dumps(content, indent=2)}\n".encode())

    def write_rows(
        self,
        name: str,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        options: csv.WriteOptions,
    ) -> int:
        """Write rows as text below a line of column names; return how many."""
        rows = 0
        with self._create(name) as stream:
            # Arrow puts column names into quotes, which not every reader takes away.
            stream.write(f"{options.delimiter.join(schema.names)}\n".encode())
            with csv.CSVWriter(cast(IO[Any], stream), schema, write_options=options) as file:
                for batch in batches:
                    file.write_batch(batch)
                    rows += batch.num_rows
        return rows

    def _create(self, name: str) -> OutputStream:
        return self.io.new_output(self._path(name)).create(overwrite=True)

    def _path(self, name: str) -> str:
        return f"{self.location.rstrip('/')}/{name}"
