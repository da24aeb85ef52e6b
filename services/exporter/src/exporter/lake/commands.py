"""The command that keeps the lake's tables in order: `exporter maintain`."""

from rich.filesize import decimal
from rich.table import Table as RichTable

from exporter.bootstrap import open_upkeep
from exporter.command_line import told
from exporter.lake.maintenance import Files, UpkeepReport
from exporter.printing import print_table
from exporter.settings import ExporterSettings
from fashion_contracts.lake import TABLES
from fashion_contracts.marts import MARTS


def maintain() -> None:
    """Compact the lake's tables, let old snapshots expire, remove files that nobody needs."""
    with told(ExporterSettings) as settings, open_upkeep(settings) as upkeep:
        reports = list(upkeep.maintenance.run((*TABLES, *MARTS)))
    print_table(_as_table(reports))


def _as_table(reports: list[UpkeepReport]) -> RichTable:
    table = RichTable("table", "before", "after", "snapshots expired", "orphans removed")
    for report in reports:
        table.add_row(
            report.table,
            _size(report.before),
            _size(report.after),
            str(report.expired_snapshots),
            f"{report.orphans.objects:,} ({decimal(report.orphans.bytes)})",
        )
    return table


def _size(files: Files) -> str:
    return f"{files.count:,} ({decimal(files.bytes)})"
