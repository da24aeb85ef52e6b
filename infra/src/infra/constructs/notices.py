"""The topic through which people hear of alarms, of failed jobs and of the budget."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.keeping import removal
from infra.stages import Keeping

SENDERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com")


class Notices(Construct):
    """An encrypted topic; AWS's own key would lock out the alarms, so it has one of ours."""

    def __init__(
        self, scope: Construct, construct_id: str, *, email: str | None, keeping: Keeping
    ) -> None:
        super().__init__(scope, construct_id)
        senders = [iam.ServicePrincipal(name) for name in SENDERS]
        key = kms.Key(
            self,
            "Key",
            description="What the shop tells its operators.",
            enable_key_rotation=True,
            removal_policy=removal(keeping),
        )
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        for sender in senders:
            key.grant(sender, "kms:Decrypt", "kms:GenerateDataKey")
            self.topic.grant_publish(sender)
        if email is not None:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
