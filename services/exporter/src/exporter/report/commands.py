"""The report's command: `python -m exporter report --day D`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from exporter.command_line import told
from exporter.lake.catalog import open_catalog
from exporter.nightly.days import requested_day
from exporter.report.page import page_of, pictures_of, sections
from exporter.report.read import Marts, day_report, load_of
from exporter.report.schemas import DayReport
from exporter.settings import LakeSettings
from fashion_kit.aws import client
from fashion_kit.clock import utc_now

FOLDER = Path("build/report")


def report(
    day: Annotated[
        str | None,
        typer.Option(help="YYYY-MM-DD; without it, yesterday in the shop's timezone."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the page and its pictures.")] = FOLDER,
) -> None:
    """Write the manager's report of a day as a page and pictures, and print where they are."""
    with told(LakeSettings) as settings:
        zone = settings.business_timezone
        wanted = requested_day(day, name="--day", now=utc_now(), timezone=zone)
        for path in write(_read(wanted, settings), out):
            typer.echo(str(path))


def write(report: DayReport, folder: Path) -> list[Path]:
    """Write the page and, beside it, the day's pictures; return their paths."""
    parts = sections(report)
    page, pictures = folder / f"{report.day}.html", folder / str(report.day)
    pictures.mkdir(parents=True, exist_ok=True)
    # A chart that the day no longer has must not stay from an earlier report.
    for old in pictures.glob("*.png"):
        old.unlink()
    written = [page]
    for name, picture in pictures_of(parts):
        path = pictures / f"{name}.png"
        path.write_bytes(picture)
        written.append(path)
    page.write_text(page_of(report, parts), encoding="utf-8")
    return written


def _read(day: date, settings: LakeSettings) -> DayReport:
    marts = Marts(open_catalog(), settings.glue_database)
    load = load_of(client("s3"), settings.clean_bucket, day)
    return day_report(marts, day, settings.business_timezone, load)
