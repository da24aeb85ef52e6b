"""How every container of ours is run: its own role, its own log group, and nothing else allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.constructs.keeping import log_group
from infra.constructs.spool import USER
from infra.local.paths import ROOT
from infra.stages import Keeping, TaskSize

FILES = "files"
FILES_FOLDER = "/var/lib/shop/keys"


@dataclass(frozen=True)
class Container:
    """A service's image, and what it is told; neither a template nor a setting holds a secret."""

    image: ecs.ContainerImage
    environment: Mapping[str, str]
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)
    """The secret's field for each variable."""
    files: Mapping[str, ecs.Secret] = field(default_factory=dict)
    """The secret's field for each file's name; they lie in `FILES_FOLDER`."""
    command: Sequence[str] = ()
    """Instead of the image's own command."""
    port: int | None = None
    """Where it answers, if it does."""


class Task(Construct):
    """A task that may write its own logs, read its secrets, and do what is granted to it later."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        container: Container,
        *,
        size: TaskSize,
        keeping: Keeping,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = construct_id
        self.definition = ecs.FargateTaskDefinition(
            self, "Task", cpu=size.cpu, memory_limit_mib=size.memory_mebibytes
        )
        self.logs = log_group(self, keeping)
        self.container = self.add(construct_id, container)
        if container.files:
            self._write_files(container)

    def add(
        self, name: str, container: Container, *, essential: bool = True, user: str | None = None
    ) -> ecs.ContainerDefinition:
        """Add a container; one that is not essential may end before the others."""
        return self.definition.add_container(
            name,
            image=container.image,
            command=list(container.command) or None,
            environment=dict(container.environment),
            secrets=dict(container.secrets),
            logging=ecs.LogDrivers.aws_logs(stream_prefix="task", log_group=self.logs),
            port_mappings=[ecs.PortMapping(container_port=container.port)]
            if container.port
            else None,
            health_check=_health_check(container.port) if container.port else None,
            essential=essential,
            user=user,
        )

    def mount(self, volume: ecs.Volume, folder: str) -> None:
        """Let the container write into the volume, which it finds in the folder."""
        self.definition.add_volume(
            name=volume.name, efs_volume_configuration=volume.efs_volume_configuration
        )
        self.container.add_mount_points(
            ecs.MountPoint(source_volume=volume.name, container_path=folder, read_only=False)
        )

    def _write_files(self, container: Container) -> None:
        """Put secrets into files before the service starts: its settings name files."""
        self.definition.add_volume(name=FILES)
        variables = {f"FILE_{number}": name for number, name in enumerate(container.files)}
        steps = ["umask 077"]
        for variable, name in variables.items():
            steps.append(f'printf "%s" "${variable}" > {FILES_FOLDER}/{name}')
        steps.append(f"chown -R {USER} {FILES_FOLDER}")
        writer = Container(
            container.image,
            {},
            {variable: container.files[name] for variable, name in variables.items()},
            command=[
                "sh",
                "-c",
                " && ".join(["umask 077", *steps, f"chown -R {USER} {FILES_FOLDER}"]),
            ],
        )
        # As root, for the volume is root's; the service itself can only read its own file.
        written = self.add(f"{self.name}Files", writer, essential=False, user="0")
        written.add_mount_points(
            ecs.MountPoint(source_volume=FILES, container_path=FILES_FOLDER, read_only=False)
        )
        self.container.add_mount_points(
            ecs.MountPoint(source_volume=FILES, container_path=FILES_FOLDER, read_only=True)
        )
        self.container.add_container_dependencies(
            ecs.ContainerDependency(
                container=written, condition=ecs.ContainerDependencyCondition.SUCCESS
            )
        )


def image(scope: Construct, construct_id: str, dockerfile: str, *parts: str) -> ecs.ContainerImage:
    """Return the image of the Dockerfile, made of requirements, libraries and these parts.

    Whatever else is in the repository is left out, so that it does not change the image's hash.
    """
    made_of = ["*", "!requirements", "!libs"]
    for part in parts:
        folder, _, name = part.partition("/")
        made_of += [f"!{folder}", f"{folder}/*", f"!{part}"] if name else [f"!{part}"]
    asset = ecr_assets.DockerImageAsset(
        scope,
        construct_id,
        directory=str(ROOT),
        file=dockerfile,
        exclude=[*made_of, "**/tests", "**/__pycache__"],
        # Fargate runs it on such machines, wherever it is built.
        platform=ecr_assets.Platform.LINUX_AMD64,
    )
    return ecs.ContainerImage.from_docker_image_asset(asset)


def _health_check(port: int) -> ecs.HealthCheck:
    """Return the image's own check, which Fargate does not look at: whether the process lives."""
    asks = (
        f"from urllib.request import urlopen; urlopen('http://127.0.0.1:{port}/health', timeout=2)"
    )
    return ecs.HealthCheck(command=["CMD", "python", "-c", asks])
