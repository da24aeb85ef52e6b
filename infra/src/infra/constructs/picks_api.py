"""The recommender's API, which serves picks and trends."""

from collections.abc import Mapping
from dataclasses import replace

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.constructs.containers import FILES_FOLDER, Container
from infra.constructs.lake import Lake
from infra.constructs.models import store_environment
from infra.constructs.picks import Picks
from infra.constructs.serving import Host, WebService
from infra.stages import Stage

PORT = 8001
# All its routes but the operators', which every service has.
PATHS = ("/recommendations", "/recommendations/*", "/trending")
TOKEN_KEY_FILE = "token.pub.pem"  # noqa: S105 - the name of a file


class PicksApi(Construct):
    """What is behind /recommendations and /trending: it reads, and may empty a shopper."""

    def __init__(self, scope: Construct, construct_id: str, *, picks: Picks, lake: Lake) -> None:
        super().__init__(scope, construct_id)
        self._picks = picks
        self._lake = lake

    def run(
        self, container: Container, host: Host, stage: Stage, files: Mapping[str, ecs.Secret]
    ) -> WebService:
        """Run the API; return it."""
        network = host.placement.network
        environment = {
            **store_environment(self._picks, self._lake),
            **container.environment,
            "RECOMMENDER_TOKEN_PUBLIC_KEY_FILE": f"{FILES_FOLDER}/{TOKEN_KEY_FILE}",
            "FORWARDED_ALLOW_IPS": network.addresses,
        }
        told = replace(container, environment=environment, files=files, port=PORT)
        self.api = WebService(
            self, "Recommender", told, host, size=stage.recommender, group=network.recommender
        )
        self._grant(self.api.task.definition.task_role)
        return self.api

    def _grant(self, role: iam.IRole) -> None:
        # A shopper who asks to be forgotten is emptied by an update, never deleted: the item's
        # sequence number must stay, or a redelivered click would bring the history back.
        self._picks.shoppers.grant(
            role, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"
        )
        self._picks.trends.grant(role, "dynamodb:GetItem")
        self._picks.models.grant(role, "dynamodb:GetItem")
        self._lake.grant_read(self._lake.models, role, *names.MODEL_KEYS)
