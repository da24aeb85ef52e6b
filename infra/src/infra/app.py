"""The CDK app: two stacks for AWS, or one for one machine.

`cdk synth` and `cdk deploy` run this module (infra/cdk.json) with the stage that CLOUD_STAGE names.
With a folder as its argument it writes every variant there, in one process: starting CDK takes
longer than the rest.
"""

import sys
from pathlib import Path

from aws_cdk import (
    App,
    CfnCondition,
    CfnParameter,
    CfnResource,
    DefaultStackSynthesizer,
    Fn,
    Stack,
    Tags,
    Validations,
)
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks
from constructs import Construct

from infra import names
from infra.constructs.functions import ServiceFunction
from infra.definitions import SCHEDULE
from infra.findings import answer_findings
from infra.local import bundles
from infra.stack import FoundationStack, LocalStack, Programs, ServicesStack
from infra.stages import STAGES, CloudSettings, StageName

FLAGS = {
    # Else the buckets' access logs would need the access lists that our buckets have switched off.
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
}
# CDK tags it, CloudFormation knows no tags of it.
UNTAGGED = ["AWS::RDS::DBProxyTargetGroup"]
EXAMPLE_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/example"
EXAMPLE_EMAIL = "operators@example.com"


class NoCertificateError(Exception):
    """Raised when a shop for everybody would speak plain HTTP."""

    def __init__(self, stage: str) -> None:
        super().__init__(f"{stage} needs CLOUD_CERTIFICATE_ARN, an ACM certificate of the region.")


def build_for_aws(app: App, settings: CloudSettings) -> None:
    """Add the stacks of the stage; cdk-nag's findings that nobody answered fail the synthesis."""
    stage = STAGES[settings.stage]
    if stage.needs_certificate and settings.certificate_arn is None:
        raise NoCertificateError(stage.name)
    foundation = FoundationStack(app, names.foundation_stack(stage.name), stage, settings)
    services = ServicesStack(app, names.services_stack(stage.name), stage, foundation)
    services.run(Programs(_code(bundles.RECOMMENDER), _code(bundles.EXPORTER)), settings)
    for key, value in {"project": names.STACK, "stage": stage.name}.items():
        Tags.of(app).add(key, value, exclude_resource_types=UNTAGGED)
    answer_findings(foundation, services, stage)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def build_for_one_machine(app: App) -> None:
    """Add the stack for one machine; code and secrets are parameters, not part of the template."""
    stack = LocalStack(app, names.STACK)
    with_functions = CfnParameter(
        stack, "WithFunctions", default="true", allowed_values=["true", "false"]
    )
    bucket = s3.Bucket.from_bucket_name(stack, "Code", _parameter(stack, "CodeBucket"))
    stack.run(
        Programs(
            interactions=lambda_.Code.from_bucket(bucket, _parameter(stack, "RecommenderCode")),
            daily_load=lambda_.Code.from_bucket(bucket, _parameter(stack, "ExporterCode")),
        ),
        {
            "EXPORTER_DATABASE_URL": _parameter(stack, "DatabaseUrl", secret=True),
            "EXPORTER_PSEUDONYM_KEY": _parameter(stack, "PseudonymKey", secret=True),
            "EXPORTER_BUSINESS_TIMEZONE": _parameter(
                stack, "BusinessTimezone", default=SCHEDULE.timezone
            ),
        },
    )
    condition = CfnCondition(
        stack, "HasFunctions", expression=Fn.condition_equals(with_functions, "true")
    )
    _make_conditional(stack, condition)
    _name_resources(stack)


def _code(bundle: bundles.Bundle) -> lambda_.Code:
    return lambda_.Code.from_asset(str(bundles.build(bundle, target=bundles.AWS)))


def _parameter(stack: Stack, name: str, *, default: str | None = None, secret: bool = False) -> str:
    value: str = CfnParameter(stack, name, default=default, no_echo=secret or None).value_as_string
    return value


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


def build_every_variant(folder: Path) -> None:
    """Write both stages, prod as an owner with a certificate has it, and the one machine's."""
    examples = (
        CloudSettings(stage=StageName.DEV, certificate_arn=None, alarm_email=None),
        CloudSettings(
            stage=StageName.PROD,
            certificate_arn=EXAMPLE_CERTIFICATE,
            alarm_email=EXAMPLE_EMAIL,
        ),
    )
    for settings in examples:
        app = _app(folder / settings.stage, {"aws:cdk:disable-asset-staging": True})
        build_for_aws(app, settings)
        app.synth()
    app = _app(folder / names.ONE_MACHINE, {})
    build_for_one_machine(app)
    app.synth()


def _app(folder: Path, context: dict[str, bool]) -> App:
    """Return an app whose templates name nothing of this machine."""
    return App(
        outdir=str(folder),
        analytics_reporting=False,
        default_stack_synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        context={
            "aws:cdk:enable-path-metadata": False,
            "aws:cdk:enable-asset-metadata": False,
            "aws:cdk:disable-version-reporting": True,
            **FLAGS,
            **context,
        },
    )


def main() -> None:
    """Write every variant into the folder named, or the stage that `cdk` asks for."""
    if len(sys.argv) > 1:
        build_every_variant(Path(sys.argv[1]))
        return
    app = App(context=FLAGS)
    build_for_aws(app, CloudSettings())
    app.synth()


if __name__ == "__main__":
    main()
