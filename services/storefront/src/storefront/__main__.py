"""The commands: `python -m storefront migrate | seed | import-catalogue | relay | ...`."""

import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from fashion_kit import aws, logs
from fashion_kit.clock import utc_now
from fashion_kit.errors import ShopError
from fashion_kit.ids import new_id
from storefront import database
from storefront.database import open_engine, sessions_of, transaction
from storefront.dependencies import Role
from storefront.events.archive import HOURS
from storefront.events.judging import Judge
from storefront.events.replay import Replay
from storefront.events.repository import BadEventRepository
from storefront.housekeeping.keeper import Housekeeper
from storefront.housekeeping.tasks import tasks_of
from storefront.loading import load as loading
from storefront.loading.meter import ImportMeter
from storefront.loading.odd_rows import WRITERS, summarise, write_report
from storefront.loading.styles import StylesFileError
from storefront.outbox.relay import Relay
from storefront.outbox.watch import OutboxWatch
from storefront.payments.dependencies import payment_desk
from storefront.payments.refunds import complete_refunds
from storefront.settings import DatabaseSettings, JudgeSettings, RelaySettings, TokenSettings
from storefront.stream import StreamPublisher
from storefront.tokens.keys import issue_service_token
from storefront.users import roles

main = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

# No user's id and no guest's looks like this.
SERVICE_NAME = r"(?!anon-)[a-z][a-z0-9-]{2,39}"

Seed = Annotated[int, typer.Option(help="From which all that is drawn follows.")]


@main.callback()
def _commands() -> None:
    """Operate the storefront."""


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    database.migrate(DatabaseSettings().database_url.get_secret_value())


@main.command()
def seed(
    count: Annotated[int, typer.Option(min=1, help="How many products to generate.")] = 5_000,
    seed: Seed = 20_260_101,
) -> None:
    """Fill the catalogue with generated products; the same seed makes the same ones."""
    settings = DatabaseSettings()
    engine = open_engine(settings)
    report = loading.seed_catalogue(
        engine, count=count, seed=seed, clock=utc_now, currency=settings.currency
    )
    _tell(report)


def _report_file(path: Path | None) -> Path | None:
    # Asked before the import, so that its report is not lost after it.
    if path is not None and path.suffix not in WRITERS:
        raise typer.BadParameter(f"must end in {' or '.join(WRITERS)}")
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}")
    return path


@main.command()
def import_catalogue(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A styles.csv.")],
    seed: Seed = 20_260_101,
    report: Annotated[
        Path | None,
        typer.Option(
            callback=_report_file,
            dir_okay=False,
            help="Where to write every odd row: its line, its faults, and what was done. "
            "`.csv` or `.jsonl`.",
        ),
    ] = None,
) -> None:
    """Fill the catalogue from Kaggle's styles.csv; prices and stock are drawn from the seed."""
    settings = DatabaseSettings()
    logs.configure(settings.log_level, settings.log_format, service="storefront-import")
    engine = open_engine(settings)
    size = file.stat().st_size
    try:
        with ImportMeter(file.name, size, file=sys.stderr, clock=utc_now) as meter:
            loaded = loading.import_catalogue(
                engine,
                file,
                seed=seed,
                clock=utc_now,
                currency=settings.currency,
                on_progress=meter,
            )
    except StylesFileError as error:
        raise _failed(error) from error
    _tell(loaded)
    for line in summarise(loaded.odd_rows):
        typer.echo(f"  {line}")
    if report is not None:
        write_report(report, loaded.odd_rows)


@main.command()
def grant_role(
    username: Annotated[str, typer.Argument(help="Whose role it is.")],
    role: Annotated[roles.GrantedRole, typer.Option(help="What the user may do from now on.")],
) -> None:
    """Make a registered user an admin, a service, or a customer again, from their next token on."""
    settings = DatabaseSettings()
    logs.configure(settings.log_level, settings.log_format, service="storefront-grant-role")
    try:
        with transaction(sessions_of(open_engine(settings))) as session:
            before = roles.grant_role(session, username, role, now=utc_now())
    except roles.UnknownUsernameError as error:
        raise _failed(error) from error
    typer.echo(f"{username} is {role} now, and was {before}.")


@main.command()
def relay() -> None:
    """Send the outbox to the stream, and clear what is over beside it, until SIGTERM."""
    settings = RelaySettings()
    logs.configure(settings.log_level, settings.log_format, service="storefront-relay")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine = open_engine(settings)
    sessions = sessions_of(engine)
    stream = StreamPublisher(aws.client("kinesis"), settings.event_stream)
    payers = ThreadPoolExecutor(settings.payment_threads, "payments")
    desk, provider = payment_desk(settings, payers, sessions, clock=utc_now, new_id=new_id)
    housekeeper = Housekeeper(
        sessions,
        tasks_of(settings),
        settings,
        clock=utc_now,
        errands={
            "payments": desk.complete_payments,
            "refunds": partial(
                complete_refunds,
                sessions,
                provider,
                clock=utc_now,
                attempts=settings.transaction_attempts,
            ),
        },
    )
    watch = OutboxWatch(sessions, settings, clock=utc_now)
    beside = [
        Thread(target=housekeeper.run, args=(stop,), name="housekeeping"),
        Thread(target=watch.run, args=(stop,), name="outbox-watch"),
    ]
    for thread in beside:
        thread.start()
    try:
        Relay(sessions, stream, settings, clock=utc_now).run(stop)
    finally:
        stop.set()
        for thread in beside:
            thread.join()
        payers.shutdown(wait=False, cancel_futures=True)
        engine.dispose()


def _duration(text: str) -> timedelta:
    try:
        return TypeAdapter(timedelta).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter("an ISO 8601 duration such as P30D is needed") from error


@main.command()
def issue_token(
    name: Annotated[str, typer.Option(help="The system that is to carry it, such as warehouse.")],
    lifetime: Annotated[
        timedelta, typer.Option(parser=_duration, help="ISO 8601; nothing ends it before.")
    ],
    role: Annotated[Role, typer.Option(help="Users' tokens come from POST /token.")] = Role.SERVICE,
) -> None:
    """Print a bearer token for another system of the shop."""
    if role is not Role.SERVICE:
        raise typer.BadParameter("only a service's token is issued here", param_hint="--role")
    if not re.fullmatch(SERVICE_NAME, name):
        raise typer.BadParameter("3 to 40 lower-case letters, digits, hyphens", param_hint="--name")
    typer.echo(issue_service_token(TokenSettings(), name, lifetime, clock=utc_now))


@main.command()
def replay_bad_events(
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The UTC day they came on.")],
    hour: Annotated[int | None, typer.Option(min=0, max=23, help="One UTC hour of it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
) -> None:
    """Judge rejected events again by today's rules, and put the good ones on the stream."""
    settings = JudgeSettings()
    replay = Replay(
        BadEventRepository(aws.client("s3"), settings.landing_bucket),
        StreamPublisher(aws.client("kinesis"), settings.event_stream),
        Judge(settings.event_clock_tolerance, new_id),
        clock=utc_now,
        is_dry=dry_run,
    )
    report = replay.run(day.date(), HOURS if hour is None else (hour,))
    typer.echo(
        f"{report.read} rejected events read: {report.good} are good now, "
        f"{report.read - report.good} still bad; {report.refused} not taken by the stream."
    )
    if report.refused:
        raise typer.Exit(1)


def _tell(report: loading.LoadReport) -> None:
    typer.echo(
        f"{report.inserted} products added, {report.updated} updated, {report.unchanged} unchanged;"
        f" {report.repaired} rows repaired, {report.skipped} skipped."
    )


def _failed(error: ShopError) -> typer.Exit:
    typer.echo(error.detail, err=True)
    return typer.Exit(1)


if __name__ == "__main__":
    main()
