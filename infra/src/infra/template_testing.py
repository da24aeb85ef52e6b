"""How tests read a template: what is of a kind, who may do what, what containers are told."""

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.synth import Cloud, Template

_PARTS = ("Parameters", "Conditions", "Mappings", "Resources", "Outputs")


def whole(cloud: Cloud) -> Template:
    """Return the stacks as one template: what one exports the other refers to by itself."""
    merged: Template = {part: {} for part in _PARTS}
    for template in cloud.values():
        for part in _PARTS:
            both = merged[part].keys() & template.get(part, {}).keys()
            if any(merged[part][name] != template[part][name] for name in both):
                raise AssertionError(f"the stacks do not fit together: {both}")
            merged[part].update(template.get(part, {}))
    exports = {
        output["Export"]["Name"]: output["Value"]
        for output in merged["Outputs"].values()
        if "Export" in output
    }
    resolved: Template = _resolve(merged, exports)
    return resolved


def _resolve(value: Any, exports: dict[str, Any]) -> Any:
    match value:
        case {"Fn::ImportValue": name}:
            return _resolve(exports[name], exports)
        case dict():
            return {key: _resolve(inner, exports) for key, inner in value.items()}
        case list():
            return [_resolve(inner, exports) for inner in value]
    return value


def named(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of the kind, by logical id; there must be some."""
    found = {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
    if not found:
        raise AssertionError(f"there is no {kind}")
    return found


def all_of(template: Template, kind: str) -> list[dict[str, Any]]:
    """Return the properties of all resources of the kind; there must be some."""
    return list(named(template, kind).values())


def one_of(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of the only resource of the kind."""
    [found] = all_of(template, kind)
    return found


def as_list(value: Any) -> list[Any]:
    """Return the value, or the only one, as a list."""
    return value if isinstance(value, list) else [value]


def allowed(template: Template) -> Iterator[tuple[list[str], list[Any]]]:
    """Yield the actions and the resources of every permission that a role has."""
    for policy in all_of(template, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                yield as_list(statement["Action"]), as_list(statement["Resource"])


def may_do(template: Template, policy: str) -> dict[str, set[str]]:
    """Return the actions on each store that the policies of that name allow."""
    found: dict[str, set[str]] = {}
    for name, properties in named(template, "AWS::IAM::Policy").items():
        if not name.startswith(policy):
            continue
        for statement in properties["PolicyDocument"]["Statement"]:
            for store in re.findall(
                r'"((?:Picks|Lake|Events)[A-Z][a-z]+)\w*", "Arn"(?:\]}, "(/[a-z*]+[/*]*)")?',
                json.dumps(statement["Resource"]),
            ):
                found.setdefault("".join(store), set()).update(as_list(statement["Action"]))
    return found


def containers(template: Template) -> dict[str, dict[str, Any]]:
    """Return every container by its name."""
    tasks = all_of(template, "AWS::ECS::TaskDefinition")
    return {found["Name"]: found for task in tasks for found in task["ContainerDefinitions"]}


def variables(container: dict[str, Any]) -> dict[str, Any]:
    """Return what the container is told: values, and for a secret the field it comes from."""
    told = {entry["Name"]: entry["Value"] for entry in container.get("Environment", [])}
    secrets = {entry["Name"]: entry["ValueFrom"] for entry in container.get("Secrets", [])}
    return told | secrets


def schedules(template: Template) -> dict[str, dict[str, Any]]:
    """Return every schedule by its expression."""
    return {
        found["ScheduleExpression"]: found for found in all_of(template, "AWS::Scheduler::Schedule")
    }


def function(template: Template, handler: str) -> dict[str, Any]:
    """Return the function with that entry point."""
    [found] = [f for f in all_of(template, "AWS::Lambda::Function") if f["Handler"] == handler]
    return found
