"""The whole shop on one machine: everything started in order, and stopped in the reverse one."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from os import getpid
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from fashion_kit.clock import Clock, day_of, utc_now
from infra.local import bundles, history
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.database import Database
from infra.local.environments import DatabaseUrls, Environment, Environments
from infra.local.keys import Keys
from infra.local.processes import ProcessError
from infra.local.progress import Steps
from infra.local.resources import deploy, tell_function
from infra.local.services import SERVICES, Service
from infra.local.settings import LocalSettings, adopted, inherited_environment
from infra.local.state import LastPorts, ProcessState, StackState

SUPERVISE_SECONDS = 1.0


@dataclass(frozen=True)
class StackConfig:
    """Which shop to start: where its state lies, and what it sells."""

    folder: Path
    settings: LocalSettings = field(default_factory=LocalSettings)
    catalogue: Path | None = None
    overrides: Environment = field(default_factory=dict)


class Stack:
    """The running shop. Use it as a context: leaving it stops everything."""

    def __init__(self, config: StackConfig, steps: Steps, *, clock: Clock = utc_now) -> None:
        self.config = config
        self._steps = steps
        self._clock = clock
        self._running = ExitStack()
        last = LastPorts.read(config.folder)
        self.database = Database(config.folder / "database", port=last.port_of("database"))
        self.aws = AwsEndpoint(config.folder / "aws", port=last.port_of("aws"))
        self.services = [
            Service(definition, config.folder, port=last.port_of(definition.name))
            for definition in SERVICES
        ]
        self.environments: Environments

    def __enter__(self) -> "Stack":
        """Start everything; stop what was started if something does not start."""
        self.config.folder.mkdir(parents=True, exist_ok=True)
        self.write_state()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything."""
        self.stop()

    def url_of(self, name: str) -> str:
        """Return the address of a service."""
        return next(s.url for s in self.services if s.name == name and s.url is not None)

    def service(self, name: str) -> Service:
        """Return a service by its name."""
        return next(service for service in self.services if service.name == name)

    def run(self, name: str, module: str, *arguments: str, environment: Environment) -> str:
        """Run one of the shop's commands to its end; return what it printed."""
        command = [sys.executable, "-m", module, *arguments]
        log = self.config.folder / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            done = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        with log.open("a") as output:
            output.write(done.stdout)
        if done.returncode != 0:
            raise ProcessError(name, f"failed with exit code {done.returncode}", log)
        return done.stdout

    def supervise(self) -> None:
        """Keep the services running until interrupted: one that ended is started again."""
        while True:
            Event().wait(SUPERVISE_SECONDS)
            self.restart_what_ended()

    def restart_what_ended(self) -> None:
        """Start the services anew that do not run any more."""
        for service in self.services:
            if service.process.pid is None:
                service.start(self.environments)
                self.write_state()

    def stop(self) -> None:
        """Stop everything, last started first; another Ctrl-C does not leave half of it running."""
        with _undisturbed():
            self._running.close()
        StackState.forget(self.config.folder)

    def write_state(self) -> None:
        """Write down what runs where, for `make status` and `make down`."""
        servers = [
            ProcessState.of("database", self.database.pid, port=self.database.port),
            ProcessState.of("aws", self.aws.pid, port=self.aws.port, url=self.aws.url),
        ]
        services = [
            ProcessState.of(s.name, s.process.pid, port=s.port, url=s.url) for s in self.services
        ]
        StackState(
            supervisor=ProcessState.of("supervisor", getpid()),
            started_at=self._clock(),
            processes=servers + services,
        ).write(self.config.folder)

    def _start(self) -> None:
        with ThreadPoolExecutor(1) as aside:
            built = aside.submit(bundles.build_all)
            with self._steps.step("Database: MariaDB, own folder, socket and port"):
                self.database.start()
                self._running.callback(self.database.stop)
            with self._steps.step("Tables: Alembic migrations"):
                self._migrate()
            with self._steps.step("AWS endpoint: ministack on loopback"):
                self.aws.start()
                self._running.callback(self.aws.stop)
            with self._steps.step("Lambda bundles: built from hash-pinned requirements"):
                built.result()
        with self._steps.step("Resources: stream, tables, buckets, Lambdas from the template"):
            self.environments = self._deploy()
        self._fill()
        self._start_services()
        self.write_state()

    def _migrate(self) -> None:
        owner = inherited_environment() | {"STOREFRONT_DATABASE_URL": self.database.owner_url}
        self.run("migrate", "storefront", "migrate", environment=owner)

    def _deploy(self) -> Environments:
        config = self.config
        self._running.enter_context(adopted(self.aws.environment()))
        urls = DatabaseUrls.granted_by(self.database)
        keys = Keys.in_folder(config.folder / "keys")
        resources = deploy(
            self.aws,
            database_url=urls.exporter,
            pseudonym_key=keys.pseudonym.read_text(),
            business_timezone=config.settings.business_timezone,
        )
        environments = Environments(
            settings=config.settings,
            aws=self.aws.environment(),
            urls=urls,
            resources=resources,
            keys=keys,
            folder=config.folder,
            overrides=config.overrides,
        )
        functions = self.aws.client("lambda")
        tell_function(functions, resources.interactions_function, environments.tracing())
        return environments

    def _fill(self) -> None:
        """Fill a new shop: products, a past, and the first model learnt from it."""
        done = self.config.folder / "filled"
        if done.exists():
            return
        settings, environments = self.config.settings, self.environments
        catalogue = self.config.catalogue
        what = f"{settings.products:,} generated products" if catalogue is None else catalogue.name
        with self._steps.step(f"Catalogue: {what}"):
            report = self.run(
                "catalogue", "storefront", *self._catalogue(), environment=environments.owner()
            )
        self._steps.note(report.splitlines()[-1])
        with self._steps.step(f"History: {settings.history_sessions:,} past visits"):
            history.write(environments, until=self._clock())
        with ThreadPoolExecutor(1) as aside:
            loaded = aside.submit(self._load_past_days)
            with self._steps.step("Recommender model: built, gated, published"):
                self.run("model", "recommender", "build", environment=environments.recommender())
            with self._steps.step(f"Lake: the {settings.loaded_days} business days before today"):
                loaded.result()
        done.touch()

    def _load_past_days(self) -> None:
        settings = self.config.settings
        today = day_of(self._clock(), ZoneInfo(settings.business_timezone))
        days = [today - timedelta(days=ago) for ago in range(settings.loaded_days, 0, -1)]
        flags = [word for day in days for word in ("--day", day.isoformat())]
        if flags:
            environment = self.environments.exporter()
            self.run("past-days", "exporter", "run", *flags, environment=environment)

    def _catalogue(self) -> list[str]:
        seed = str(self.config.settings.seed)
        if self.config.catalogue is not None:
            return ["import-catalogue", str(self.config.catalogue), "--seed", seed]
        return ["seed", "--count", str(self.config.settings.products), "--seed", seed]

    def _start_services(self) -> None:
        with self._steps.step("Services: storefront, recommender, relay, three workers"):
            for service in self.services:
                service.start(self.environments)
                self._running.callback(service.process.stop)
            for service in self.services:
                service.wait_until_ready()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Pay no attention to Ctrl-C and SIGTERM for the time of the block."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
