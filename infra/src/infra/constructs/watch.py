"""Alarms and the dashboard. What each alarm means and what to do about it: docs/runbook.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import names
from infra.alarms import ALARMS
from infra.stages import StageName

PERIOD = Duration.minutes(5)
GRAPHS_IN_A_ROW = 3
GRAPH_WIDTH = 8
WHOLE_WIDTH = 24


@dataclass(frozen=True)
class Rule:
    """When an alarm goes off: the figure reaches the threshold in so many periods in a row."""

    metric: cloudwatch.IMetric
    threshold: float
    periods: int = 1
    comparison: cloudwatch.ComparisonOperator = (
        cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    )
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING
    """What it means when there is no figure: that nothing happened, if not told otherwise."""


class Watch(Construct):
    """One alarm for each rule, which tells the topic when it goes off and when it is over."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        rules: Mapping[str, Rule],
        *,
        topic: sns.ITopic,
        stage: StageName,
    ) -> None:
        super().__init__(scope, construct_id)
        self._prefix = f"{names.STACK}-{stage}"
        self._action = actions.SnsAction(topic)
        self._alarms = {name: self._build_alarm(name, rule) for name, rule in rules.items()}
        self._build_dashboard(rules)

    def _build_alarm(self, name: str, rule: Rule) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._prefix}-{name}",
            alarm_description=f"{ALARMS[name]} See docs/runbook.md, {name}.",
            metric=rule.metric,
            threshold=rule.threshold,
            evaluation_periods=rule.periods,
            comparison_operator=rule.comparison,
            treat_missing_data=rule.missing,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        return alarm

    def _build_dashboard(self, rules: Mapping[str, Rule]) -> None:
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=self._prefix)
        board.add_widgets(
            cloudwatch.AlarmStatusWidget(
                title="Alarms", alarms=list(self._alarms.values()), width=WHOLE_WIDTH
            )
        )
        graphs = [self._graph(name, rule) for name, rule in rules.items()]
        for first in range(0, len(graphs), GRAPHS_IN_A_ROW):
            board.add_widgets(*graphs[first : first + GRAPHS_IN_A_ROW])

    def _graph(self, name: str, rule: Rule) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title=name,
            left=[rule.metric],
            left_annotations=[cloudwatch.HorizontalAnnotation(value=rule.threshold, label="alarm")],
            region=Stack.of(self).region,
            width=GRAPH_WIDTH,
        )
