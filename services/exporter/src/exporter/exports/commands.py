"""The exports' commands: `python -m exporter export personalize` and `... session-rec`."""

from collections.abc import Callable
from typing import Annotated

import pyarrow as pa
import typer
from pyiceberg.io import load_file_io

from exporter.command_line import told
from exporter.exports.datasets import FEWEST_INTERACTIONS, INTERACTIONS
from exporter.exports.personalize import export_personalize
from exporter.exports.session_rec import export_session_rec
from exporter.exports.sink import Folder
from exporter.exports.source import Period, Source
from exporter.lake.catalog import open_catalog
from exporter.nightly.days import requested_day
from exporter.settings import LakeSettings
from fashion_kit.clock import utc_now

Export = Callable[[Source, Folder, Period], dict[str, int]]
First = Annotated[
    str | None, typer.Option("--from", help="First day, YYYY-MM-DD; by default yesterday.")
]
Last = Annotated[
    str | None, typer.Option("--to", help="Last day, YYYY-MM-DD; by default yesterday.")
]
Out = Annotated[str, typer.Option("--out", help="A folder, or s3://bucket/prefix.")]

export = typer.Typer(
    help="Write the lake's days as other programs read them; nobody is named in them.",
    no_args_is_help=True,
)


@export.command()
def personalize(out: Out, first: First = None, last: Last = None) -> None:
    """Write interactions, items and users for Amazon Personalize, with their schemas."""
    rows = _write(export_personalize, out, first, last)
    if rows[INTERACTIONS.file] < FEWEST_INTERACTIONS:
        typer.echo(f"Personalize asks for at least {FEWEST_INTERACTIONS:,} interactions.", err=True)


@export.command()
def session_rec(out: Out, first: First = None, last: Last = None) -> None:
    """Write the looks at products as session-rec reads them."""
    _write(export_session_rec, out, first, last)


def _write(write: Export, out: str, first: str | None, last: str | None) -> dict[str, int]:
    with told(LakeSettings) as settings:
        now, zone = utc_now(), settings.business_timezone
        period = Period(
            requested_day(first, name="--from", now=now, timezone=zone),
            requested_day(last, name="--to", now=now, timezone=zone),
        )
        # Arrow's own pools keep what they were once given; the system takes it back.
        pa.set_memory_pool(pa.system_memory_pool())
        catalog = open_catalog()
        folder = Folder(load_file_io(catalog.properties, out), out)
        rows = write(Source(catalog, settings.glue_database), folder, period)
    for name, count in rows.items():
        typer.echo(f"{out.rstrip('/')}/{name}: {count:,} rows")
    return rows
