"""The lake: what came in (landing), what is analysed (clean), its catalogue, and the models."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import names

LANDING_EXPIRY = Duration.days(90)
NONCURRENT_EXPIRY = Duration.days(30)
ABANDONED_UPLOAD_EXPIRY = Duration.days(7)
# What a refresh knew of the last hours is of no use the day after.
DELTA_EXPIRY = Duration.days(2)


class Lake(Construct):
    """Three buckets that nobody outside can read, and the Glue database of the clean one."""

    def __init__(self, scope: Construct, construct_id: str, *, removal: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self._removal = removal
        self.landing = self._build_bucket("Landing", expiration=LANDING_EXPIRY)
        self.clean = self._build_bucket("Clean", noncurrent_version_expiration=NONCURRENT_EXPIRY)
        # No model expires by age: if builds stop, an old one stays in use. The build job deletes
        # what it has replaced, and the deleted ones can be brought back until they expire.
        self.models = self._build_bucket("Models", noncurrent_version_expiration=NONCURRENT_EXPIRY)
        self.models.add_lifecycle_rule(
            prefix=names.DELTAS_PREFIX,
            expiration=DELTA_EXPIRY,
            noncurrent_version_expiration=DELTA_EXPIRY,
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
        expiration: Duration | None = None,
        noncurrent_version_expiration: Duration | None = None,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=noncurrent_version_expiration is not None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=ABANDONED_UPLOAD_EXPIRY,
                    expiration=expiration,
                    noncurrent_version_expiration=noncurrent_version_expiration,
                )
            ],
            removal_policy=self._removal,
        )


def _allow(grantee: iam.IGrantable, actions: list[str], *resources: str) -> None:
    grantee.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(actions=actions, resources=list(resources))
    )
