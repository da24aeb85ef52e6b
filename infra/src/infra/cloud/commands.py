"""What `make synth`, `make deploy` and `make destroy` do, step by step."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_kit.aws import client
from infra import names
from infra.cloud.tasks import PREPARE, Cloud
from infra.local.paths import BUILD, ROOT
from infra.local.settings import whole_environment
from infra.node import NODE
from infra.stages import PLAIN_WARNING, STAGES, CloudSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The CDK's command line, which deploys what `synth` wrote.
CDK = "aws-cdk@2.1148.1"
BUCKETS = ("LandingBucket", "CleanBucket", "ModelBucket", "AccessLogsBucket")
IMPORT = (
    "python -c 'import sys, urllib.request as u; u.urlretrieve(sys.argv[1], sys.argv[2])' \"$0\""
    " /tmp/styles.csv && exec storefront import-catalogue /tmp/styles.csv"
)
LINK_SECONDS = 3600


class NotConfirmedError(Exception):
    """Raised when nobody confirmed what would be done to the shop that people buy in."""


def synth(settings: CloudSettings) -> Path:
    """Write the stage's templates and assets; return their folder."""
    if settings.certificate_arn is None and not STAGES[settings.stage].needs_certificate:
        sys.stderr.write(f"{PLAIN_WARNING}\n")
    folder = BUILD / "cloud" / settings.stage
    env = whole_environment() | {
        "CLOUD_STAGE": settings.stage,
        "CDK_OUTDIR": str(folder),
        "JSII_NODE": str(NODE / "node"),
        "PYTHONWARNINGS": "ignore",
    }
    subprocess.run([sys.executable, "-m", "infra.app"], env=env, cwd=ROOT, check=True)
    return folder


def deploy(settings: CloudSettings) -> str:
    """Make or renew the stage: stores, preparation, services. Return the shop's address."""
    _confirm(settings, "deploy to")
    folder = synth(settings)
    _cdk(folder, "deploy", names.foundation_stack(settings.stage))
    # Migrations first: running services must bear the new schema, and the new ones need it.
    Cloud.find(settings.stage).run(PREPARE)
    _cdk(folder, "deploy", names.services_stack(settings.stage))
    return Cloud.find(settings.stage).outputs["Address"]


def destroy(settings: CloudSettings) -> None:
    """Delete what runs; and what holds data, if the stage is one that may lose it."""
    _confirm(settings, "destroy the services of")
    folder = synth(settings)
    _cdk(folder, "destroy", names.services_stack(settings.stage), "--force")
    if STAGES[settings.stage].keeping.outlives_stack:
        return
    outputs = Cloud.find(settings.stage).outputs
    for bucket in BUCKETS:
        empty(outputs[bucket])
    _cdk(folder, "destroy", names.foundation_stack(settings.stage), "--force")


def import_catalogue(settings: CloudSettings, file: Path) -> None:
    """Bring Kaggle's styles.csv into the catalogue, by a link that holds for an hour."""
    s3: S3Client = client("s3")
    cloud = Cloud.find(settings.stage)
    where = {"Bucket": cloud.outputs["LandingBucket"], "Key": f"catalogue/{file.name}"}
    s3.upload_file(str(file), where["Bucket"], where["Key"])
    link = s3.generate_presigned_url("get_object", Params=where, ExpiresIn=LINK_SECONDS)
    cloud.run("storefront", ["sh", "-c", IMPORT, link])


def empty(bucket: str) -> None:
    """Delete every version of every object; CloudFormation deletes only empty buckets."""
    s3: S3Client = client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if doomed:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})  # type: ignore[typeddict-item]


def _confirm(settings: CloudSettings, what: str) -> None:
    if not STAGES[settings.stage].keeping.outlives_stack:
        return
    answer = input(f"Type {settings.stage} to {what} {settings.stage}: ")
    if answer.strip() != settings.stage:
        raise NotConfirmedError


def _cdk(folder: Path, command: str, stack: str, *options: str) -> None:
    env = whole_environment()
    env["PATH"] = f"{NODE}:{env['PATH']}"
    approval: Sequence[str] = ("--require-approval", "never") if command == "deploy" else ()
    subprocess.run(  # noqa: S603 - the version is pinned, the folder our own
        [
            *(str(NODE / "npx"), "--yes", CDK, command, stack, "--exclusively"),
            *("--app", str(folder)),
            *approval,
            *options,
        ],
        env=env,
        cwd=ROOT,
        check=True,
    )
