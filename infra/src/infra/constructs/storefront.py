"""The storefront: the API that sells and takes events, and the relay of its outbox."""

from collections.abc import Mapping
from dataclasses import replace

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from fashion_contracts.landing import BAD_EVENTS_PREFIX
from infra.constructs.containers import FILES_FOLDER, Container
from infra.constructs.event_stream import EventStream
from infra.constructs.lake import Lake
from infra.constructs.serving import Host, WebService, Worker
from infra.constructs.spool import Spool
from infra.stages import Stage

PORT = 8000
SPOOL_FOLDER = "/var/lib/shop/spool"
TOKEN_KEY_FILE = "token.pem"  # noqa: S105 - the name of a file
PUT_ACTIONS = ("kinesis:DescribeStreamSummary", "kinesis:PutRecords")


class Storefront(Construct):
    """Its containers may put events on the stream, and bad ones into the landing zone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        container: Container,
        *,
        events: EventStream,
        lake: Lake,
    ) -> None:
        super().__init__(scope, construct_id)
        self._events = events
        self._lake = lake
        stores = {
            "STOREFRONT_EVENT_STREAM": events.stream.stream_name,
            "STOREFRONT_LANDING_BUCKET": lake.landing.bucket_name,
        }
        self._container = replace(container, environment={**stores, **container.environment})

    def run(
        self, host: Host, stage: Stage, spool: Spool, files: Mapping[str, ecs.Secret]
    ) -> WebService:
        """Run the API and the relay; return the API."""
        network = host.placement.network
        told = {
            **self._container.environment,
            "STOREFRONT_TOKEN_PRIVATE_KEY_FILE": f"{FILES_FOLDER}/{TOKEN_KEY_FILE}",
            "STOREFRONT_EVENT_SPOOL_FOLDER": SPOOL_FOLDER,
            # Who reaches a container directly is the load balancer, which says for whom it asks.
            "FORWARDED_ALLOW_IPS": network.addresses,
        }
        container = replace(self._container, environment=told, files=files, port=PORT)
        self.api = WebService(
            self, "Storefront", container, host, size=stage.storefront, group=network.storefront
        )
        self.api.task.mount(spool.volume(), SPOOL_FOLDER)
        role = self.api.task.definition.task_role
        spool.grant(role)
        self._grant_put(role)
        self._lake.grant_read(self._lake.landing, role, f"{BAD_EVENTS_PREFIX}*")
        self._lake.grant_write(self._lake.landing, role, f"{BAD_EVENTS_PREFIX}*")
        self._relay(host, stage)
        return self.api

    def _relay(self, host: Host, stage: Stage) -> None:
        self.relay = Worker(
            self,
            "Relay",
            replace(self._container, command=("storefront", "relay")),
            host,
            size=stage.tasks.relay,
            count=stage.tasks.relays,
        )
        self._grant_put(self.relay.task.definition.task_role)

    def _grant_put(self, role: iam.IRole) -> None:
        self._events.stream.grant(role, *PUT_ACTIONS)
