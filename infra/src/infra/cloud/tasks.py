"""Runs one of the cloud's tasks to its end: migrations, and any command of a service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fashion_kit.aws import client
from infra import names

# In which container a service's commands run: one that has what they need and waits for nobody.
CONTAINERS = {"storefront": "Relay", "recommender": "Build", "exporter": "Exporter"}
PREPARE = "prepare"
_WAIT = {"Delay": 6, "MaxAttempts": 600}


class TaskFailedError(Exception):
    """Raised when a task did not end well; says which containers, and why."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("The task failed: " + "; ".join(reasons))


@dataclass(frozen=True)
class Cloud:
    """A deployed stage, as its stacks' outputs describe it."""

    outputs: dict[str, str]

    @classmethod
    def find(cls, stage: str) -> "Cloud":
        """Read the outputs of the stacks that are there."""
        cloud = client("cloudformation")
        wanted = {names.foundation_stack(stage), names.services_stack(stage)}
        return cls(
            {
                output["OutputKey"]: output["OutputValue"]
                for stack in cloud.get_paginator("describe_stacks").paginate().search("Stacks[]")
                if stack["StackName"] in wanted
                for output in stack.get("Outputs", [])
            }
        )

    def run(self, service: str, arguments: Sequence[str] = ()) -> None:
        """Run the service's task with these arguments, wait for its end; raise if it failed."""
        ecs = client("ecs")
        cluster = self.outputs["ClusterName"]
        container = CONTAINERS.get(service)
        command: dict[str, Any] = {"name": container, "command": list(arguments)}
        started = ecs.run_task(
            cluster=cluster,
            taskDefinition=self.outputs[f"{service.title()}TaskArn"],
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": self.outputs["SubnetIds"].split(","),
                    "securityGroups": [self.outputs["WorkersGroupId"]],
                    "assignPublicIp": "DISABLED",
                }
            },
            overrides={"containerOverrides": [command]} if container else {},
        )
        failures = [failure.get("reason", "") for failure in started["failures"]]
        if failures:
            raise TaskFailedError(failures)
        task = started["tasks"][0]["taskArn"]
        ecs.get_waiter("tasks_stopped").wait(cluster=cluster, tasks=[task], WaiterConfig=_WAIT)
        [ended] = ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"]
        raise_if_failed(ended)


def raise_if_failed(task: Any) -> None:
    """Raise unless every container of the task ended with 0."""
    reasons = [
        f"{found['name']} ended with {found.get('exitCode')}: "
        f"{found.get('reason') or task.get('stoppedReason', '')}"
        for found in task["containers"]
        if found.get("exitCode") != 0
    ]
    if reasons:
        raise TaskFailedError(reasons)
