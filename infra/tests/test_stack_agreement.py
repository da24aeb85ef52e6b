"""What the cloud tells each program is what the program's settings ask for."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from exporter.settings import ExporterSettings
from infra.cloud import prepare
from infra.cloud.settings import PrepareSettings
from infra.cloud.tasks import CONTAINERS
from infra.constructs import keys
from infra.constructs.orders_database import PARAMETERS
from infra.local.paths import ROOT
from infra.synth import Template
from infra.template_testing import all_of, containers, variables
from recommender.settings import ApiSettings, BuildSettings, InteractionsSettings
from storefront.settings import DatabaseSettings, RelaySettings, StorefrontSettings

# Read by uvicorn, not by us.
FOREIGN = {"FORWARDED_ALLOW_IPS"}
SETTINGS: dict[str, list[type[BaseSettings]]] = {
    "Storefront": [StorefrontSettings],
    "Relay": [RelaySettings],
    "Recommender": [ApiSettings],
    "Build": [BuildSettings],
    "Refresh": [BuildSettings],
    "Exporter": [ExporterSettings],
    "Migrate": [DatabaseSettings],
    "Prepare": [PrepareSettings],
}
# The relay runs the storefront's other commands too, and is told what they need.
WIDER = {"Relay": StorefrontSettings}
FUNCTIONS: dict[str, type[BaseSettings]] = {
    "recommender.lambdas.on_interactions.handler": InteractionsSettings,
    "exporter.lambdas.daily_load.handler": ExporterSettings,
}


def _names(settings: type[BaseSettings], *, required: bool = False) -> set[str]:
    prefix = settings.model_config["env_prefix"]
    return {
        f"{prefix}{name}".upper()
        for name, field in settings.model_fields.items()
        if field.is_required() or not required
    }


def test_every_container_is_a_known_one(aws_template: Template) -> None:
    found = {name for name in containers(aws_template) if not name.endswith("Files")}
    assert found == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_container_is_told_what_its_settings_ask_for(aws_template: Template, name: str) -> None:
    told = set(variables(containers(aws_template)[name])) - FOREIGN
    for settings in SETTINGS[name]:
        assert told <= _names(WIDER.get(name, settings))
        assert _names(settings, required=True) - told == set()


@pytest.mark.parametrize("handler", FUNCTIONS)
def test_a_function_can_be_imported_and_knows_what_it_is_told(
    aws_template: Template, handler: str
) -> None:
    module, _, entry = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), entry))
    [found] = [f for f in all_of(aws_template, "AWS::Lambda::Function") if f["Handler"] == handler]
    told = set(found["Environment"]["Variables"])
    settings = FUNCTIONS[handler]
    # The exporter's function reads its password and key from the secret that it is told.
    from_secret = {"EXPORTER_DATABASE_URL"} if "EXPORTER_SECRET_ID" in told else set()
    assert told <= _names(settings)
    assert _names(settings, required=True) - told - from_secret == set()


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("Storefront", "STOREFRONT_TOKEN_PRIVATE_KEY_FILE"),
        ("Recommender", "RECOMMENDER_TOKEN_PUBLIC_KEY_FILE"),
    ],
)
def test_a_key_is_written_where_it_is_looked_for(
    aws_template: Template, name: str, variable: str
) -> None:
    found = containers(aws_template)
    path = variables(found[name])[variable]
    assert f" > {path}" in found[f"{name}Files"]["Command"][-1]
    mounted = {m["ContainerPath"] for m in found[name]["MountPoints"]}
    assert str(Path(path).parent) in mounted
    assert found[name]["DependsOn"] == [{"ContainerName": f"{name}Files", "Condition": "SUCCESS"}]


def test_the_spool_is_on_the_volume(aws_template: Template) -> None:
    found = containers(aws_template)["Storefront"]
    folder = variables(found)["STOREFRONT_EVENT_SPOOL_FOLDER"]
    [mount] = [m for m in found["MountPoints"] if m["ContainerPath"] == folder]
    volumes = {
        volume["Name"]: volume
        for task in all_of(aws_template, "AWS::ECS::TaskDefinition")
        for volume in task.get("Volumes", [])
    }
    assert (
        volumes[mount["SourceVolume"]]["EFSVolumeConfiguration"]["TransitEncryption"] == "ENABLED"
    )


def test_migrations_run_before_users_are_made(aws_template: Template) -> None:
    found = containers(aws_template)["Prepare"]
    assert found["DependsOn"] == [{"ContainerName": "Migrate", "Condition": "SUCCESS"}]
    assert importlib.import_module(found["Command"][0]).main


def test_the_keys_fields_are_those_that_are_filled() -> None:
    assert (prepare.PRIVATE_KEY, prepare.PUBLIC_KEY) == (keys.PRIVATE_KEY, keys.PUBLIC_KEY)


def test_commands_run_in_containers_that_exist(aws_template: Template) -> None:
    assert set(CONTAINERS.values()) <= set(containers(aws_template))


def test_each_process_of_the_compose_file_has_its_counterpart(aws_template: Template) -> None:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    runs_by_aws = {"mysql", "aws", "deploy", "event-source", "delivery", "schedule"}
    by_hand = {"catalogue", "loadtest", "aws-faults", "mysql-faults"}
    # On AWS these figures and traces are CloudWatch's, or wherever the endpoint leads.
    observers = {"metrics", "prometheus", "grafana", "jaeger"}
    expected = {"model": "Build"}
    ours = {
        expected.get(name, name.title())
        for name in services.keys() - runs_by_aws - by_hand - observers
    }
    assert ours - {"Migrate"} <= set(containers(aws_template))


def test_the_database_is_set_up_as_in_the_compose_file() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    options = " ".join(services["mysql"]["command"])
    for name in ("character_set_server", "collation_server"):
        assert f"--{name.replace('_', '-')}={PARAMETERS[name]}" in options
