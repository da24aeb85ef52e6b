"""Where events wait while the stream is away: a disk that outlives the container."""

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.keeping import removal
from infra.constructs.network import Network
from infra.stages import Keeping

VOLUME = "spool"
# The user as whom every image of ours runs.
USER = "10001"


class Spool(Construct):
    """A file system of the storefront; a container that starts takes over what a lost one left."""

    def __init__(
        self, scope: Construct, construct_id: str, *, network: Network, keeping: Keeping
    ) -> None:
        super().__init__(scope, construct_id)
        self.files = efs.FileSystem(
            self,
            "Files",
            vpc=network.vpc,
            vpc_subnets=network.isolated,
            security_group=network.spool,
            encrypted=True,
            # Mounting needs the access point, TLS and the role: the network alone is not enough.
            allow_anonymous_access=False,
            enable_automatic_backups=False,
            removal_policy=removal(keeping),
        )
        self.folder = self.files.add_access_point(
            "Folder",
            path=f"/{VOLUME}",
            create_acl=efs.Acl(owner_uid=USER, owner_gid=USER, permissions="700"),
            posix_user=efs.PosixUser(uid=USER, gid=USER),
        )

    def volume(self) -> ecs.Volume:
        """Return it as a task's volume."""
        return ecs.Volume(
            name=VOLUME,
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=self.files.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=ecs.AuthorizationConfig(
                    access_point_id=self.folder.access_point_id, iam="ENABLED"
                ),
            ),
        )

    def grant(self, grantee: iam.IGrantable) -> None:
        """Let it mount the folder and write there."""
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                resources=[self.files.file_system_arn],
                conditions={
                    "StringEquals": {
                        "elasticfilesystem:AccessPointArn": self.folder.access_point_arn
                    }
                },
            )
        )
