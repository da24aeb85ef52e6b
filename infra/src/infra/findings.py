"""What cdk-nag finds and we leave as it is: each finding with the place it is about and the reason.

A finding that is not answered here fails the synthesis, and so does every test of the cloud.
"""

from dataclasses import dataclass

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from fashion_contracts.landing import BAD_EVENTS_PREFIX, EVENTS_PREFIX
from infra import names
from infra.stack import FoundationStack
from infra.stages import Stage


@dataclass(frozen=True)
class Answer:
    """Why a rule's finding stays, and in which constructs; their paths begin below the stack."""

    rule: str
    reason: str
    places: tuple[str, ...]


TASKS = (
    "Selling/Storefront/Storefront",
    "Selling/Relay/Relay",
    "Serving/Recommender/Recommender",
    "DailyLoad/Exporter",
    "ModelJobs/Build",
    "ModelJobs/Refresh",
)
NO_SECRETS = "Names of tables, buckets and files; every secret comes from Secrets Manager."
ANYTHING = "AwsSolutions-IAM5[Resource::*]"
REGISTRY_LOGIN = "AWS knows no resource for ecr:GetAuthorizationToken."
INTERFACES = "AWS knows no narrower resource for a function's network interfaces."
OWN_OBJECTS = "Every object of a bucket of ours, or of the folders in it that are this program's."
OWN_TABLES = "The tables of our own Glue database; the exporter makes them."
ROTATION = (
    "The database answers its proxy alone, in a network without a way in. CLOUD_PASSWORD_ROUND"
    " gives every service a new password (docs/deploy.md)."
)
LASTING_KEY = "A new key is a decision, not a routine: docs/deploy.md says what it does to whom."

STOREFRONT_ROLE = "Selling/Storefront/Storefront/Task/TaskRole"
RANKERS = ("Serving/Recommender/Recommender/Task/TaskRole", "Interactions/OnInteractions/Role")
MODEL_JOBS = ("ModelJobs/Build/Task/TaskRole", "ModelJobs/Refresh/Task/TaskRole")
NIGHT_ROLE = "DailyLoad/Exporter/Task/TaskRole"
LOADS = (NIGHT_ROLE, "DailyLoad/OnDemand/Role")
GLUE_TABLES = (
    f"arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:table/{names.GLUE_DATABASE}/*"
)

FOUNDATION = (
    Answer(
        "AwsSolutions-EC23",
        "The load balancer is the shop's door: everybody may come in by HTTP and HTTPS.",
        ("Network/Balancer",),
    ),
    Answer("AwsSolutions-SMG4", ROTATION, ("Orders",)),
    Answer("AwsSolutions-SMG4", LASTING_KEY, ("Keys",)),
    Answer(
        "AwsSolutions-RDS11",
        "Another port would hide nothing from whoever already is in the isolated subnets.",
        ("Orders/Instance",),
    ),
    Answer("AwsSolutions-ECS2", NO_SECRETS, ("Preparation/Prepare",)),
    Answer(ANYTHING, REGISTRY_LOGIN, ("Preparation/Prepare/Task/ExecutionRole",)),
)
DISPOSABLE_FOUNDATION = (
    Answer(
        "AwsSolutions-RDS3",
        "Nobody buys at this stage; a second zone would double its largest cost.",
        ("Orders/Instance",),
    ),
    Answer(
        "AwsSolutions-RDS10",
        "This stage is made to be destroyed; it holds nothing that cannot be made again.",
        ("Orders/Instance",),
    ),
)
SERVICES = (
    Answer("AwsSolutions-ECS2", NO_SECRETS, TASKS),
    Answer(ANYTHING, REGISTRY_LOGIN, tuple(f"{task}/Task/ExecutionRole" for task in TASKS)),
    Answer(ANYTHING, INTERFACES, ("DailyLoad/OnDemand/Role",)),
    Answer(
        "AwsSolutions-L1",
        "Every process of the shop runs on the Python that its tests run on; the bundle's wheels"
        " are that Python's.",
        ("Interactions/OnInteractions/Function", "DailyLoad/OnDemand/Function"),
    ),
    Answer(
        "AwsSolutions-SQS3",
        "It is a dead-letter queue itself: of the event source, and of the schedules.",
        ("Interactions/Failures", "Schedule/Failures"),
    ),
    Answer(
        f"AwsSolutions-IAM5[Resource::{GLUE_TABLES}]",
        OWN_TABLES,
        LOADS,
    ),
    # CDK's library of Firehose adds a mapping of addresses that only other destinations use.
    Answer("CloudFormation-Validate::W7001", "A mapping of CDK's own that nothing uses.", ("",)),
    Answer(
        "AwsSolutions-KDF1",
        "It reads a stream that is encrypted and writes into a bucket that is; AWS has no setting"
        " of its own for what such a delivery stream holds in between.",
        ("Delivery/Delivery",),
    ),
)


def answer_findings(foundation: FoundationStack, services: Stack, stage: Stage) -> None:
    """Acknowledge what is answered; what a small stage does without, only there."""
    for answer in FOUNDATION:
        _acknowledge(foundation, answer)
    if not stage.keeping.outlives_stack:
        for answer in DISPOSABLE_FOUNDATION:
            _acknowledge(foundation, answer)
    for answer in (*SERVICES, *_own_objects(foundation)):
        _acknowledge(services, answer)


def _own_objects(foundation: FoundationStack) -> list[Answer]:
    """Answer for the objects that each role reads or writes: cdk-nag knows them by export name."""
    lake = foundation.lake
    return [
        Answer(
            f"AwsSolutions-IAM5[Resource::{_export(foundation, bucket)}/{keys}]",
            OWN_OBJECTS,
            places,
        )
        for bucket, keys, places in (
            (lake.landing, "*", ("Delivery/Role", *LOADS, *MODEL_JOBS)),
            (lake.landing, f"{BAD_EVENTS_PREFIX}*", (STOREFRONT_ROLE, *LOADS)),
            (lake.landing, f"{EVENTS_PREFIX}*", (NIGHT_ROLE,)),
            (lake.clean, "*", LOADS),
            *((lake.models, keys, (*RANKERS, *MODEL_JOBS)) for keys in names.MODEL_KEYS),
        )
    ]


def _export(foundation: FoundationStack, bucket: s3.IBucket) -> str:
    name: str = foundation.resolve(foundation.export_value(bucket.bucket_arn))["Fn::ImportValue"]
    return name


def _acknowledge(stack: Stack, answer: Answer) -> None:
    for place in answer.places:
        found: IConstruct = stack
        for part in filter(None, place.split("/")):
            found = found.node.find_child(part)
        Validations.of(found).acknowledge(Acknowledgment(id=answer.rule, reason=answer.reason))
