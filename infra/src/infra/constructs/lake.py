"""The lake: what came in (landing), what is analysed (clean), its catalogue, and the models."""

from datetime import timedelta

from aws_cdk import Aws
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import names
from infra.constructs.access_logs import AccessLogs
from infra.constructs.keeping import duration, removal
from infra.stages import Keeping


class Lake(Construct):
    """Three buckets that nobody outside can read, and the Glue database of the clean one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        keeping: Keeping,
        access_logs: AccessLogs | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._access_logs = access_logs
        self._keeping = keeping
        self.landing = self._build_bucket("Landing", expiration=keeping.landing)
        self.clean = self._build_bucket("Clean", replaced=keeping.replaced)
        # No model expires by age: if builds stop, an old one stays in use. The build job deletes
        # what it has replaced, and the deleted ones can be brought back until they expire.
        self.models = self._build_bucket("Models", replaced=keeping.replaced)
        self.models.add_lifecycle_rule(
            prefix=names.DELTAS_PREFIX,
            expiration=duration(keeping.deltas),
            noncurrent_version_expiration=duration(keeping.deltas),
        )
        self.database = glue.CfnDatabase(
            self,
            "Catalogue",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=names.GLUE_DATABASE,
                description="Tables of the clean zone.",
                location_uri=self.clean.s3_url_for_object("warehouse"),
            ),
        )

    def grant_read(self, bucket: s3.Bucket, grantee: iam.IGrantable, *keys: str) -> None:
        """Let it list the bucket (else AWS answers 403 for what is not there) and read objects."""
        _allow(grantee, ["s3:ListBucket"], bucket.bucket_arn)
        _allow(grantee, ["s3:GetObject"], *map(bucket.arn_for_objects, keys or ("*",)))

    def grant_write(self, bucket: s3.Bucket, grantee: iam.IGrantable, *keys: str) -> None:
        """Let it write, replace and delete the objects whose keys match."""
        _allow(
            grantee,
            ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"],
            *map(bucket.arn_for_objects, keys),
        )

    def _build_bucket(
        self,
        construct_id: str,
        *,
        expiration: timedelta | None = None,
        replaced: timedelta | None = None,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=replaced is not None,
            server_access_logs_bucket=self._access_logs.bucket if self._access_logs else None,
            server_access_logs_prefix=f"{construct_id.lower()}/" if self._access_logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=duration(self._keeping.abandoned),
                    expiration=duration(expiration) if expiration else None,
                    noncurrent_version_expiration=duration(replaced) if replaced else None,
                )
            ],
            removal_policy=removal(self._keeping),
        )


def _allow(grantee: iam.IGrantable, actions: list[str], *resources: str) -> None:
    grantee.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(actions=actions, resources=list(resources))
    )
