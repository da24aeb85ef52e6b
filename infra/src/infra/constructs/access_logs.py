"""Who asked the load balancer and the buckets for what."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.keeping import duration, removal
from infra.stages import Keeping

BALANCER_PREFIX = "balancer"


class AccessLogs(Construct):
    """One bucket for the logs of all; only AWS's own services write there."""

    def __init__(self, scope: Construct, construct_id: str, *, keeping: Keeping) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=duration(keeping.abandoned),
                    expiration=duration(keeping.access_logs),
                )
            ],
            removal_policy=removal(keeping),
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject"],
                principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
                resources=[
                    self.bucket.arn_for_objects(f"{BALANCER_PREFIX}/AWSLogs/{Aws.ACCOUNT_ID}/*")
                ],
            )
        )
