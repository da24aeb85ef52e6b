"""What the recommender's API may do; the issue that builds the cluster lets it run as this role."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.constructs.lake import Lake
from infra.constructs.picks import Picks


class Serving(Construct):
    """The task role behind GET and DELETE /recommendations/{user_id}."""

    def __init__(self, scope: Construct, construct_id: str, *, picks: Picks, lake: Lake) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")
        )
        # A shopper who asks to be forgotten is emptied by an update, never deleted: the item's
        # sequence number must stay, or a redelivered click would bring the history back.
        picks.shoppers.grant(
            self.role, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"
        )
        picks.trends.grant(self.role, "dynamodb:GetItem")
        picks.models.grant(self.role, "dynamodb:GetItem")
        lake.grant_read(lake.models, self.role, *names.MODEL_KEYS)
