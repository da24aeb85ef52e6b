"""When the shop's alarms go off: a figure, a threshold of the stage, and for how long."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_logs as logs

from infra.constructs.balancer import Balancer
from infra.constructs.daily_load import DailyLoad
from infra.constructs.delivery import DeliveryToLake
from infra.constructs.event_stream import EventStream
from infra.constructs.interactions import Interactions
from infra.constructs.jobs import Starter
from infra.constructs.orders_database import OrdersDatabase
from infra.constructs.serving import WebService, Worker
from infra.constructs.watch import PERIOD, Rule
from infra.stages import Thresholds

NAMESPACE = "FashionStore"
HOUR = Duration.hours(1)
# A figure that swings is believed when it stays for a quarter of an hour.
LASTING = 3
LESS = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True)
class Watched:
    """Everything of the shop whose figures are looked at."""

    events: EventStream
    interactions: Interactions
    delivery: DeliveryToLake
    daily_load: DailyLoad
    starter: Starter
    balancer: Balancer
    storefront: WebService
    recommender: WebService
    relay: Worker
    database: OrdersDatabase


def rules_of(watched: Watched, limits: Thresholds) -> dict[str, Rule]:
    """Return the rule of every alarm."""
    return {
        **_stream_rules(watched, limits),
        **_lake_rules(watched, limits),
        **_api_rules(watched, limits),
        **_database_rules(watched.database, limits),
    }


def _stream_rules(watched: Watched, limits: Thresholds) -> dict[str, Rule]:
    function = watched.interactions.function
    age = function.metric("IteratorAge", statistic="Maximum", period=PERIOD)
    throttled = watched.events.stream.metric_write_provisioned_throughput_exceeded(
        statistic="Sum", period=PERIOD
    )
    waiting = watched.interactions.failures.metric_approximate_number_of_messages_visible(
        statistic="Maximum", period=PERIOD
    )
    return {
        "picks-late": Rule(age, limits.iterator_age.total_seconds() * 1000),
        "interactions-failing": Rule(function.metric_errors(period=PERIOD), 1, periods=LASTING),
        "records-given-up": Rule(waiting, 1),
        "stream-throttled": Rule(throttled, 1, periods=LASTING),
    }


def _lake_rules(watched: Watched, limits: Thresholds) -> dict[str, Rule]:
    delivery = watched.delivery.delivery
    freshness = delivery.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=PERIOD)
    success = delivery.metric("DeliveryToS3.Success", statistic="Minimum", period=PERIOD)
    failed_starts = watched.starter.failures.metric_approximate_number_of_messages_visible(
        statistic="Maximum", period=PERIOD
    )
    return {
        "delivery-late": Rule(freshness, limits.data_freshness.total_seconds()),
        "delivery-failing": Rule(success, 1, periods=LASTING, comparison=LESS),
        "load-overdue": Rule(
            _loaded_days(watched.daily_load),
            1,
            periods=limits.load_overdue_hours,
            comparison=LESS,
            missing=cloudwatch.TreatMissingData.BREACHING,
        ),
        "starts-failed": Rule(failed_starts, 1),
    }


def _api_rules(watched: Watched, limits: Thresholds) -> dict[str, Rule]:
    balancer = watched.balancer.load_balancer.metrics.http_code_elb(
        elb.HttpCodeElb.ELB_5XX_COUNT, period=PERIOD
    )
    relays = cloudwatch.Metric(
        namespace="ECS/ContainerInsights",
        metric_name="RunningTaskCount",
        dimensions_map={
            "ClusterName": watched.relay.service.cluster.cluster_name,
            "ServiceName": watched.relay.service.service_name,
        },
        statistic="Minimum",
        period=PERIOD,
    )
    return {
        "storefront-failing": _errors(watched.storefront, limits),
        "recommender-failing": _errors(watched.recommender, limits),
        "balancer-failing": Rule(balancer, limits.errors_per_period),
        "storefront-slow": _slow(watched.storefront, limits.storefront_p99.total_seconds()),
        "recommender-slow": _slow(watched.recommender, limits.recommender_p99.total_seconds()),
        "picks-impersonal": Rule(
            _fallback_share(watched.recommender, limits), limits.fallback_share, periods=LASTING
        ),
        "relay-down": Rule(
            relays, 1, comparison=LESS, missing=cloudwatch.TreatMissingData.BREACHING
        ),
        "outbox-late": Rule(
            _logged(watched.relay, "outbox_waiting", "lag_seconds", "Maximum"),
            limits.outbox_lag.total_seconds(),
        ),
    }


def _database_rules(database: OrdersDatabase, limits: Thresholds) -> dict[str, Rule]:
    instance = database.instance
    return {
        "database-busy": Rule(
            instance.metric_cpu_utilization(period=PERIOD),
            limits.database_cpu_percent,
            periods=LASTING,
        ),
        "database-full": Rule(
            instance.metric_free_storage_space(period=PERIOD),
            limits.database_free_bytes,
            comparison=LESS,
        ),
        "database-connections": Rule(
            instance.metric_database_connections(period=PERIOD), limits.database_connections
        ),
    }


def _errors(service: WebService, limits: Thresholds) -> Rule:
    answers = service.targets.metrics.http_code_target(
        elb.HttpCodeTarget.TARGET_5XX_COUNT, period=PERIOD
    )
    return Rule(answers, limits.errors_per_period)


def _slow(service: WebService, seconds: float) -> Rule:
    p99 = service.targets.metrics.target_response_time(statistic="p99", period=PERIOD)
    return Rule(p99, seconds, periods=LASTING)


def _loaded_days(daily_load: DailyLoad) -> cloudwatch.IMetric:
    """Count the loads that ended well, as the exporter logs them, by night or on demand."""
    ended_well = logs.FilterPattern.all(
        logs.FilterPattern.string_value("$.event", "=", "load_ended"),
        logs.FilterPattern.string_value("$.state", "=", "loaded"),
    )
    for group in (daily_load.task.logs, daily_load.on_demand.logs):
        group.add_metric_filter(
            "LoadedDays",
            filter_pattern=ended_well,
            metric_namespace=NAMESPACE,
            metric_name="LoadedDays",
            metric_value="1",
        )
    return cloudwatch.Metric(
        namespace=NAMESPACE, metric_name="LoadedDays", statistic="Sum", period=HOUR
    )


def _fallback_share(recommender: WebService, limits: Thresholds) -> cloudwatch.IMetric:
    """Divide the two figures that the recommender logs every minute."""
    counted = {
        field: _logged(recommender, "picks_served", field, "Sum")
        for field in ("served", "fallback")
    }
    return cloudwatch.MathExpression(
        expression=f"IF(served >= {limits.fallback_least_served}, fallback / served, 0)",
        using_metrics=counted,
        label="share of fallback picks",
        period=PERIOD,
    )


def _logged(
    teller: WebService | Worker, event: str, field: str, statistic: str
) -> cloudwatch.IMetric:
    """Return a figure that a program tells in a line of its log, each time it logs the event."""
    subject = event.partition("_")[0]
    name = f"{subject}_{field}".title().replace("_", "")
    teller.task.logs.add_metric_filter(
        name,
        filter_pattern=logs.FilterPattern.string_value("$.event", "=", event),
        metric_namespace=NAMESPACE,
        metric_name=name,
        metric_value=f"$.{field}",
    )
    return cloudwatch.Metric(
        namespace=NAMESPACE, metric_name=name, statistic=statistic, period=PERIOD
    )
