"""The CDK app: one stack, for AWS or for one machine.

`cdk synth` and `cdk deploy` run this module (infra/cdk.json). With a folder as its argument it
writes both variants there, in one process: starting CDK takes longer than the rest.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App, CfnCondition, CfnParameter, CfnResource, DefaultStackSynthesizer, Fn, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import names
from infra.constructs import daily_load, models
from infra.constructs.functions import ServiceFunction
from infra.constructs.jobs import Container, Placement
from infra.definitions import SCHEDULE
from infra.local import bundles
from infra.local.paths import ROOT
from infra.stack import Containers, FashionStoreStack, Programs


def build_for_aws(app: App) -> None:
    """Add the stack for an AWS account; where things run there is asked for as parameters."""
    stack = FashionStoreStack(app, names.STACK, local=False)
    exporter = _container(stack, "Exporter", daily_load.SECRET_FIELDS)
    stack.run(
        Programs(
            interactions=_code(bundles.RECOMMENDER),
            daily_load=_code(bundles.EXPORTER),
            daily_load_environment={"EXPORTER_SECRET_ID": exporter.secret.secret_arn},
        )
    )
    recommender = _container(stack, "Recommender", models.SECRET_FIELDS)
    stack.automate(Containers(_placement(stack), exporter, recommender))


def build_for_one_machine(app: App) -> None:
    """Add the stack for one machine; code and secrets are parameters, not part of the template."""
    stack = FashionStoreStack(app, names.STACK, local=True)
    with_functions = CfnParameter(
        stack, "WithFunctions", default="true", allowed_values=["true", "false"]
    )
    bucket = s3.Bucket.from_bucket_name(stack, "Code", _parameter(stack, "CodeBucket"))
    stack.run(
        Programs(
            interactions=lambda_.Code.from_bucket(bucket, _parameter(stack, "RecommenderCode")),
            daily_load=lambda_.Code.from_bucket(bucket, _parameter(stack, "ExporterCode")),
            daily_load_environment={
                "EXPORTER_DATABASE_URL": _parameter(stack, "DatabaseUrl", secret=True),
                "EXPORTER_PSEUDONYM_KEY": _parameter(stack, "PseudonymKey", secret=True),
                "EXPORTER_BUSINESS_TIMEZONE": _parameter(
                    stack, "BusinessTimezone", default=SCHEDULE.timezone
                ),
            },
        )
    )
    condition = CfnCondition(
        stack, "HasFunctions", expression=Fn.condition_equals(with_functions, "true")
    )
    _make_conditional(stack, condition)
    _name_resources(stack)


def _placement(stack: Stack) -> Placement:
    """Return where jobs run; the issue that builds the network fills these in."""
    return Placement(
        cluster_arn=_parameter(stack, "ClusterArn"),
        subnet_ids=_list_parameter(stack, "SubnetIds", "List<AWS::EC2::Subnet::Id>"),
        security_group_ids=_list_parameter(
            stack, "SecurityGroupIds", "List<AWS::EC2::SecurityGroup::Id>"
        ),
    )


def _container(stack: Stack, service: str, secret_fields: Mapping[str, str]) -> Container:
    """Return the service's image, and its secret, whose address is asked for."""
    folder = f"services/{service.lower()}"
    secret = secretsmanager.Secret.from_secret_complete_arn(
        stack, f"{service}Secret", _parameter(stack, f"{service}SecretArn")
    )
    # Whatever else is in the repository is left out, so that it does not change the image's hash.
    made_of = ["*", "!requirements", "!libs", "!services", "services/*", f"!{folder}"]
    image = ecr_assets.DockerImageAsset(
        stack,
        f"{service}Image",
        directory=str(ROOT),
        file=f"{folder}/Dockerfile",
        exclude=[*made_of, "**/tests", "**/__pycache__"],
    )
    return Container(image, secret, secret_fields)


def _code(bundle: bundles.Bundle) -> lambda_.Code:
    return lambda_.Code.from_asset(str(bundles.build(bundle, target=bundles.AWS)))


def _parameter(stack: Stack, name: str, *, default: str | None = None, secret: bool = False) -> str:
    value: str = CfnParameter(stack, name, default=default, no_echo=secret or None).value_as_string
    return value


def _list_parameter(stack: Stack, name: str, kind: str) -> list[str]:
    values: list[str] = CfnParameter(stack, name, type=kind).value_as_list
    return values


def _make_conditional(stack: Construct, condition: CfnCondition) -> None:
    """Leave the functions out on request; tests of tables and streams start faster without."""
    for construct in stack.node.find_all():
        if isinstance(construct, ServiceFunction):
            for part in construct.node.find_all():
                if isinstance(part, CfnResource):
                    part.cfn_options.condition = condition
    for name in ("InteractionsFunction", "DailyLoadFunction"):
        output = stack.node.find_child(name)
        output.condition = condition


def _name_resources(stack: Construct) -> None:
    """Give what is made on one machine fixed names, so that compose can tell them to services."""
    for path, (attribute, name) in names.ON_ONE_MACHINE.items():
        resource = stack.node
        for part in path.split("/"):
            resource = resource.find_child(part).node
        resource.default_child.add_property_override(attribute, name)


def main() -> None:
    """Write both variants into the folder named, or what `cdk` asks for."""
    if len(sys.argv) == 1:
        app = App()
        build_for_aws(app)
        app.synth()
        return
    folder = Path(sys.argv[1])
    for name, build in {"aws": build_for_aws, "local": build_for_one_machine}.items():
        app = App(
            outdir=str(folder / name),
            analytics_reporting=False,
            default_stack_synthesizer=DefaultStackSynthesizer(
                generate_bootstrap_version_rule=False
            ),
            context={
                "aws:cdk:disable-asset-staging": name == "aws",
                "aws:cdk:enable-path-metadata": False,
                "aws:cdk:enable-asset-metadata": False,
                "aws:cdk:disable-version-reporting": True,
            },
        )
        build(app)
        app.synth()


if __name__ == "__main__":
    main()
