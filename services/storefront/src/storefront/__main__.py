"""The commands: `python -m storefront migrate | seed | import-catalogue | relay`."""

import typer

from storefront import database
from storefront.settings import DatabaseSettings

main = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@main.callback()
def _commands() -> None:
    """Operate the storefront."""


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    database.migrate(DatabaseSettings().database_url.get_secret_value())


if __name__ == "__main__":
    main()
