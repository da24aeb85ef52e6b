"""What the recommender keeps: shoppers with their picks, trends, and which model is in use."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from fashion_contracts.picks import MODELS_KEY, SHOPPERS_KEY, TRENDS_KEY, TRENDS_SORT_KEY
from infra import names
from infra.constructs.keeping import removal
from infra.stages import Keeping


class Picks(Construct):
    """The three DynamoDB tables behind GET /recommendations/{user_id}."""

    def __init__(self, scope: Construct, construct_id: str, *, keeping: Keeping) -> None:
        super().__init__(scope, construct_id)
        self._removal = removal(keeping)
        self.shoppers = self._build_table(
            "Shoppers", SHOPPERS_KEY, expiry_attribute=names.EXPIRY_ATTRIBUTE
        )
        self.trends = self._build_table(
            "Trends",
            TRENDS_KEY,
            sort_key=TRENDS_SORT_KEY,
            expiry_attribute=names.EXPIRY_ATTRIBUTE,
        )
        self.models = self._build_table("Models", MODELS_KEY)

    def _build_table(
        self,
        construct_id: str,
        key: str,
        *,
        sort_key: str | None = None,
        expiry_attribute: str | None = None,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=_text(key),
            sort_key=_text(sort_key) if sort_key else None,
            time_to_live_attribute=expiry_attribute,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=self._removal,
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
