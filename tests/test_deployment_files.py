"""The compose file and the Dockerfiles name only what exists."""

import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from exporter.settings import ExporterSettings
from fashion_kit.settings import TracingSettings
from infra import names
from infra.definitions import RECURRING_JOBS, SCHEDULE
from infra.local.settings import DeploySettings
from infra.local.worker_settings import DeliverySettings, EventSourceSettings, ScheduleSettings
from infra.observe.settings import ObserveSettings
from recommender.settings import ApiSettings, BuildSettings
from storefront.settings import StorefrontSettings

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILES = [
    *ROOT.glob("services/*/Dockerfile"),
    ROOT / "loadtest/Dockerfile",
    ROOT / "infra/Dockerfile",
    *ROOT.glob("infra/compose/*.Dockerfile"),
]
SETTINGS: dict[str, list[type[BaseSettings]]] = {
    "storefront": [StorefrontSettings],
    "recommender": [ApiSettings],
    "model": [BuildSettings],
    "exporter": [ExporterSettings],
    "event-source": [EventSourceSettings],
    "delivery": [DeliverySettings],
    "schedule": [ScheduleSettings, ExporterSettings, BuildSettings],
    "deploy": [DeploySettings],
    "metrics": [ObserveSettings],
}
# What the servers' own images read.
FOREIGN = ("AWS_", "MYSQL_", "READER_PASSWORD", "GF_")


@cache
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def settings_variables(service: str, *, required: bool = False) -> set[str]:
    """Return the variables that the service's settings are read from."""
    return {
        f"{settings.model_config['env_prefix']}{name}".upper()
        for settings in SETTINGS[service]
        for name, field in settings.model_fields.items()
        if field.is_required() or not required
    }


def variables() -> set[str]:
    return {name for service in services().values() for name in service.get("environment", {})}


def test_the_compose_file_keeps_the_schema() -> None:
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_hadolint_finds_nothing(path: Path) -> None:
    checked = subprocess.run([tool("hadolint"), str(path)], capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize("name", sorted(variables()))
def test_every_variable_is_a_setting(name: str) -> None:
    known = {name for service in SETTINGS for name in settings_variables(service)}
    known |= {f"OTEL_{name}".upper() for name in TracingSettings.model_fields}
    assert name in known or name.startswith(FOREIGN)


@pytest.mark.parametrize("service", SETTINGS)
def test_every_service_is_told_what_it_must_know(service: str) -> None:
    needed = settings_variables(service, required=True)
    assert needed - set(services()[service]["environment"]) == set()


def test_the_resources_are_called_what_the_template_calls_them() -> None:
    known = {name for _, name in names.ON_ONE_MACHINE.values()}
    told = {
        word
        for service in services().values()
        for value in service.get("environment", {}).values()
        for word in re.findall(r"fashion-[a-z-]+", value)
    }
    assert told <= known


def test_the_timezone_is_the_schedules() -> None:
    told = services()["schedule"]["environment"]["SCHEDULE_TIMEZONE"]
    assert told == f"${{BUSINESS_TIMEZONE:-{SCHEDULE.timezone}}}"


def test_the_schedule_keeps_the_rates_of_the_definitions() -> None:
    rates = {f"SCHEDULE_{job.name}_EVERY_SECONDS".upper() for job in RECURRING_JOBS}
    assert rates <= settings_variables("schedule")
    assert not rates & services()["schedule"]["environment"].keys()


def test_the_schedules_image_holds_the_programs_of_its_jobs() -> None:
    installed = (ROOT / "infra/Dockerfile").read_text()
    programs = {"exporter"} | {job.command[0] for job in RECURRING_JOBS}
    assert {name for name in programs if f"-e services/{name}" not in installed} == set()


def test_the_database_is_mysql_84() -> None:
    assert services()["mysql"]["image"] == "mysql:8.4"


def test_every_path_and_module_exists() -> None:
    for service in services().values():
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).is_file()
        module = service.get("command", [""])[0]
        if module.startswith("infra."):
            assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_that_is_copied_exists(path: Path) -> None:
    copied = re.findall(r"^COPY (?:--chown=\S+ )?(?!--from)(.+) \S+$", path.read_text(), re.M)
    sources = [source for line in copied for source in line.split()]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_no_port_is_open_to_other_machines() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_nothing_but_the_shop_starts_unasked() -> None:
    profiles = {name: each.get("profiles", []) for name, each in services().items()}
    assert {profile for found in profiles.values() for profile in found} == {
        "jobs",
        "observability",
        "faults",
    }
    assert not {"storefront", "recommender", "mysql", "aws"} & {n for n, p in profiles.items() if p}
