"""The shop's cloud resources on this machine: deployed from the template, as on AWS."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, WaiterError

from infra import names
from infra.definitions import SCHEDULE
from infra.local import bundles
from infra.local.aws_endpoint import AwsAddress
from infra.local.paths import ROOT

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3 import S3Client

TEMPLATE = ROOT / "infra/template/fashion-store.local.json"
CODE_BUCKET = "fashion-store-code"

_POLL_SECONDS = 0.05
_POLLS = 1200
_NOTHING_TO_DO = "No updates are to be performed"


class DeploymentError(Exception):
    """Raised when the stack could not be made; says which resources failed and why."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("The resources were not deployed: " + "; ".join(reasons or ["no reason"]))


@dataclass(frozen=True)
class Resources:
    """The names that the services are told; empty for functions that were not deployed."""

    event_stream: str
    shoppers_table: str
    trends_table: str
    models_table: str
    landing_bucket: str
    clean_bucket: str
    model_bucket: str
    glue_database: str
    failure_queue_url: str
    interactions_function: str = ""
    daily_load_function: str = ""

    @classmethod
    def from_outputs(cls, outputs: dict[str, str], endpoint: AwsAddress) -> "Resources":
        """Read them from the stack's outputs, whose names are the same in PascalCase."""
        named = {field.name: field.name.title().replace("_", "") for field in fields(cls)}
        found = {name: outputs[out] for name, out in named.items() if out in outputs}
        # The queue remembers the port on which the endpoint ran when it was made.
        path = urlsplit(found["failure_queue_url"]).path
        return cls(**found | {"failure_queue_url": endpoint.url + path})


def deploy(
    endpoint: AwsAddress,
    *,
    database_url: str = "",
    pseudonym_key: str = "",
    business_timezone: str = SCHEDULE.timezone,
    with_functions: bool = True,
) -> Resources:
    """Create the stack, or bring it up to date; return what it is made of.

    The database URL and the key are what the exporter's function is told. Without functions no
    bundle is built: that is enough for whoever needs only the stream, tables and buckets.
    """
    parameters = {
        "WithFunctions": str(with_functions).lower(),
        "BusinessTimezone": business_timezone,
        "DatabaseUrl": database_url,
        "PseudonymKey": pseudonym_key,
        "CodeBucket": CODE_BUCKET,
        "RecommenderCode": "",
        "ExporterCode": "",
    }
    if with_functions:
        parameters |= _upload_bundles(endpoint.client("s3"))
    cloud: CloudFormationClient = endpoint.client("cloudformation")
    _apply(cloud, TEMPLATE.read_text(), parameters)
    resources = Resources.from_outputs(_outputs(cloud), endpoint)
    _enable_expiry(endpoint.client("dynamodb"), resources)
    return resources


def tell_function(client: "LambdaClient", function: str, tracing: dict[str, str]) -> None:
    """Tell the function where its traces go: the template is the shop's, this the machine's."""
    told = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    wanted = {name: value for name, value in told.items() if not name.startswith("OTEL_")} | tracing
    if wanted != told:
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": wanted}
        )


def _upload_bundles(s3: "S3Client") -> dict[str, str]:
    """Upload the bundles that are not there yet; return the template's code parameters.

    A bundle's name holds its hash, so that new code is a change of the stack.
    """
    s3.create_bucket(Bucket=CODE_BUCKET)
    there = {entry["Key"] for entry in s3.list_objects_v2(Bucket=CODE_BUCKET).get("Contents", [])}
    parameters = {}
    for name, archive in bundles.build_all().items():
        key = f"{name}/{archive.name}"
        if key not in there:
            s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=archive.read_bytes())
        parameters[f"{name.capitalize()}Code"] = key
    return parameters


def _apply(cloud: "CloudFormationClient", template: str, parameters: dict[str, str]) -> None:
    values: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
    ]
    exists = _exists(cloud)
    change = cloud.update_stack if exists else cloud.create_stack
    try:
        change(
            StackName=names.STACK,
            TemplateBody=template,
            Parameters=values,
            Capabilities=["CAPABILITY_IAM"],
        )
    except ClientError as error:
        if _NOTHING_TO_DO in str(error):
            return
        raise
    _wait(cloud, "stack_update_complete" if exists else "stack_create_complete")


def _exists(cloud: "CloudFormationClient") -> bool:
    try:
        stacks = cloud.describe_stacks(StackName=names.STACK)["Stacks"]
    except ClientError:
        return False
    return any(stack["StackStatus"] != "DELETE_COMPLETE" for stack in stacks)


def _wait(cloud: "CloudFormationClient", until: Any) -> None:
    try:
        cloud.get_waiter(until).wait(
            StackName=names.STACK,
            WaiterConfig={"Delay": _POLL_SECONDS, "MaxAttempts": _POLLS},
        )
    except WaiterError as error:
        events = cloud.describe_stack_events(StackName=names.STACK)["StackEvents"]
        raise DeploymentError(
            [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                for event in events
                if event.get("ResourceStatus", "").endswith("FAILED")
            ]
        ) from error


def _outputs(cloud: "CloudFormationClient") -> dict[str, str]:
    [stack] = cloud.describe_stacks(StackName=names.STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _enable_expiry(dynamodb: "DynamoDBClient", resources: Resources) -> None:
    """Let items expire as the template says: the emulator's CloudFormation passes over it."""
    for table in (resources.shoppers_table, resources.trends_table):
        state = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if state.get("TimeToLiveStatus") != "ENABLED":
            dynamodb.update_time_to_live(
                TableName=table,
                TimeToLiveSpecification={
                    "Enabled": True,
                    "AttributeName": names.EXPIRY_ATTRIBUTE,
                },
            )
