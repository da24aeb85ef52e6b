"""The two APIs behind one address, and the relay: containers that run all the time."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from infra.constructs.balancer import Balancer
from infra.constructs.containers import Container, Task
from infra.constructs.jobs import Placement
from infra.constructs.keeping import duration
from infra.stages import Balancing, Keeping, ServiceSize, TaskSize

READY = "/ready"
WHOLE_PERCENT = 100
TWICE_PERCENT = 200


@dataclass(frozen=True)
class Host:
    """Where services run, and how they are watched while they do."""

    placement: Placement
    balancing: Balancing
    keeping: Keeping

    def run(
        self, scope: Construct, task: Task, group: ec2.ISecurityGroup, count: int
    ) -> ecs.FargateService:
        """Keep so many of the task running; a version that does not come up is taken back."""
        return ecs.FargateService(
            scope,
            "Service",
            cluster=self.placement.cluster,
            task_definition=task.definition,
            desired_count=count,
            # The new ones come before the old ones go, so that a deployment costs no request.
            min_healthy_percent=WHOLE_PERCENT,
            max_healthy_percent=TWICE_PERCENT,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            vpc_subnets=self.placement.network.private,
            security_groups=[group],
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            health_check_grace_period=duration(self.balancing.grace)
            if task.container.port_mappings
            else None,
        )


class Worker(Construct):
    """A container that nobody calls, such as the outbox relay."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        container: Container,
        host: Host,
        *,
        size: TaskSize,
        count: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.task = Task(self, construct_id, container, size=size, keeping=host.keeping)
        self.service = host.run(self, self.task, host.placement.network.workers, count)


class WebService(Construct):
    """An API behind the load balancer; there are more of it when it is busy."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        container: Container,
        host: Host,
        *,
        size: ServiceSize,
        group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self._host = host
        self._size = size
        self.task = Task(self, construct_id, container, size=size.task, keeping=host.keeping)
        self.service = host.run(self, self.task, group, size.least)
        self.targets = self._build_targets(container)

    def answer(self, balancer: Balancer, *paths: str) -> None:
        """Take the requests to these paths, or all that no other service takes."""
        balancer.forward(self.targets, *paths)
        self._scale()

    def _build_targets(self, container: Container) -> elb.ApplicationTargetGroup:
        checks = self._host.balancing
        return elb.ApplicationTargetGroup(
            self,
            "Targets",
            vpc=self._host.placement.network.vpc,
            port=container.port,
            protocol=elb.ApplicationProtocol.HTTP,
            targets=[self.service],
            deregistration_delay=duration(checks.drain),
            health_check=elb.HealthCheck(
                path=READY,
                interval=duration(checks.check_every),
                timeout=duration(checks.check_timeout),
                healthy_threshold_count=checks.healthy_after,
                unhealthy_threshold_count=checks.unhealthy_after,
            ),
        )

    def _scale(self) -> None:
        scaling = self.service.auto_scale_task_count(
            min_capacity=self._size.least, max_capacity=self._size.most
        )
        pauses: dict[str, Duration] = {
            "scale_in_cooldown": duration(self._host.balancing.scale_in_pause),
            "scale_out_cooldown": duration(self._host.balancing.scale_out_pause),
        }
        scaling.scale_on_cpu_utilization(
            "Cpu", target_utilization_percent=self._size.cpu_percent, **pauses
        )
        scaling.scale_on_request_count(
            "Requests",
            requests_per_target=self._size.requests_per_target,
            target_group=self.targets,
            **pauses,
        )
