"""The exporter's commands: `python -m exporter run`, and the others that --help lists."""

import typer

from exporter.erasure.commands import erase
from exporter.exports.commands import export
from exporter.lake.commands import maintain
from exporter.marts.commands import marts, renew_marts
from exporter.nightly import commands as nightly
from exporter.queries.commands import query
from exporter.report.commands import report

app = typer.Typer(
    help="Loads business days into the lake, and answers from it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _prepare(context: typer.Context) -> None:
    context.obj = renew_marts


app.command()(nightly.run)
app.command()(nightly.catch_up)
app.command()(nightly.verify)
app.command()(nightly.status)
app.command()(nightly.days)
app.command()(marts)
app.command()(query)
app.command()(maintain)
app.command()(erase)
app.command()(report)
app.add_typer(export, name="export")


def main() -> None:
    """Run the command that the arguments name."""
    app()


if __name__ == "__main__":
    main()
