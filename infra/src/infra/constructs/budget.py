"""What the shop may cost in a month before somebody is told."""

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns
from constructs import Construct

# Told when so much is spent, and when the month will probably end above the limit.
WARNING_PERCENT = 80
LIMIT_PERCENT = 100


class Budget(Construct):
    """AWS Budgets stop nothing; they tell."""

    def __init__(
        self, scope: Construct, construct_id: str, *, dollars: int, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        budgets.CfnBudget(
            self,
            "Monthly",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(
                            subscription_type="SNS", address=topic.topic_arn
                        )
                    ],
                )
                for kind, percent in (("ACTUAL", WARNING_PERCENT), ("FORECASTED", LIMIT_PERCENT))
            ],
        )
