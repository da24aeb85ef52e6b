"""The commands: `python -m infra.cloud synth | deploy | destroy | run | import-catalogue`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.cloud import commands
from infra.cloud.tasks import CONTAINERS, Cloud, TaskFailedError
from infra.stages import CloudSettings

main = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@main.callback()
def _commands() -> None:
    """Operate the cloud of the stage that CLOUD_STAGE names."""


@main.command()
def synth() -> None:
    """Write the stage's CloudFormation templates, and say where."""
    folder = commands.synth(CloudSettings())
    for template in sorted(folder.glob("*.template.json")):
        typer.echo(template)


@main.command()
def deploy() -> None:
    """Deploy the stage, and print the shop's address."""
    typer.echo(commands.deploy(CloudSettings()))


@main.command()
def destroy() -> None:
    """Delete the services; at dev everything."""
    commands.destroy(CloudSettings())


@main.command(context_settings={"ignore_unknown_options": True})
def run(
    service: Annotated[str, typer.Argument(help=" | ".join(CONTAINERS))],
    arguments: Annotated[list[str], typer.Argument(help="The command, as its image takes it.")],
) -> None:
    """Run a command of a service in the cloud, e.g. `run storefront storefront seed`."""
    Cloud.find(CloudSettings().stage).run(service, arguments)


@main.command()
def import_catalogue(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A styles.csv.")],
) -> None:
    """Bring Kaggle's styles.csv into the catalogue."""
    commands.import_catalogue(CloudSettings(), file)


if __name__ == "__main__":
    try:
        main()
    except (commands.NotConfirmedError, TaskFailedError) as error:
        sys.exit(str(error) or "Nothing was done.")
