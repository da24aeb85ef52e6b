"""What a whole AWS account would get: who reaches what, what is encrypted, who is told of what."""

import json
from fnmatch import fnmatch
from typing import Any

import pytest
from fastapi import FastAPI

from infra.alarms import ALARMS
from infra.app import NoCertificateError, build_for_aws
from infra.constructs.balancer import HIDDEN_PATHS
from infra.constructs.picks_api import PATHS
from infra.stages import DEV, PROD, STAGES, CloudSettings, StageName
from infra.synth import Template
from infra.template_testing import all_of, as_list, may_do, named, one_of
from recommender.app import create_app as create_recommender
from storefront.app import create_app as create_storefront

# What every service answers to its operators, at its own address.
OPERATORS = {"/health", "/ready", "/metrics"}
EVERYWHERE = "0.0.0.0/0"


def _routes(app: FastAPI) -> set[str]:
    found = set(app.openapi()["paths"]) - OPERATORS
    assert found
    return found


def _is_recommenders(path: str) -> bool:
    return any(fnmatch(path.replace("{", "").replace("}", ""), pattern) for pattern in PATHS)


class TestNetwork:
    def test_only_the_balancer_is_open_to_everybody(self, aws_template: Template) -> None:
        opened = {
            (name, rule["FromPort"])
            for name, group in named(aws_template, "AWS::EC2::SecurityGroup").items()
            for rule in group.get("SecurityGroupIngress", [])
            if rule.get("CidrIp") == EVERYWHERE
        }
        assert {port for _, port in opened} == {80, 443}
        assert all(name.startswith("NetworkBalancer") for name, _ in opened)
        rules = all_of(aws_template, "AWS::EC2::SecurityGroupIngress")
        assert [rule for rule in rules if "CidrIp" in rule] == []

    def test_the_database_is_reached_by_its_proxy_alone(self, aws_template: Template) -> None:
        callers = {
            json.dumps(rule["SourceSecurityGroupId"])
            for rule in all_of(aws_template, "AWS::EC2::SecurityGroupIngress")
            if "NetworkDatabase" in json.dumps(rule["GroupId"])
        }
        [caller] = callers
        assert "NetworkProxy" in caller

    def test_no_rule_is_made_twice(self, aws_template: Template) -> None:
        # AWS refuses the second one, and the whole deployment with it.
        for kind in ("Ingress", "Egress"):
            rules = all_of(aws_template, f"AWS::EC2::SecurityGroup{kind}")
            ends = [
                (
                    json.dumps(r["GroupId"]),
                    json.dumps(r.get("SourceSecurityGroupId", ""))
                    + json.dumps(r.get("DestinationSecurityGroupId", "")),
                    json.dumps(r["FromPort"]),
                )
                for r in rules
            ]
            assert len(ends) == len(set(ends))

    def test_buckets_and_tables_are_reached_without_the_way_out(
        self, aws_template: Template
    ) -> None:
        endpoints = all_of(aws_template, "AWS::EC2::VPCEndpoint")
        gateways = [e for e in endpoints if e["VpcEndpointType"] == "Gateway"]
        found = json.dumps([e["ServiceName"] for e in gateways])
        assert ".s3" in found
        assert ".dynamodb" in found

    def test_no_container_has_a_public_address(self, aws_template: Template) -> None:
        for service in all_of(aws_template, "AWS::ECS::Service"):
            network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
            assert network["AssignPublicIp"] == "DISABLED"


class TestDatabase:
    def test_it_is_mysql_84_private_encrypted_and_backed_up(self, aws_template: Template) -> None:
        instance = one_of(aws_template, "AWS::RDS::DBInstance")
        assert (instance["Engine"], instance["EngineVersion"][:3]) == ("mysql", "8.4")
        assert instance["PubliclyAccessible"] is False
        assert instance["StorageEncrypted"] is True
        assert instance["BackupRetentionPeriod"] == PROD.database.backups.days
        assert instance["DeletionProtection"] is True
        assert instance["MultiAZ"] is True

    def test_passwords_and_keys_are_in_no_template(self, aws_template: Template) -> None:
        instance = one_of(aws_template, "AWS::RDS::DBInstance")
        assert "{{resolve:secretsmanager:" in json.dumps(instance["MasterUserPassword"])
        for secret in all_of(aws_template, "AWS::SecretsManager::Secret"):
            assert "GenerateSecretString" in secret or "{{resolve:" in json.dumps(secret)

    def test_everybody_enters_by_the_proxy_and_by_tls(self, aws_template: Template) -> None:
        assert one_of(aws_template, "AWS::RDS::DBProxy")["RequireTLS"] is True
        parameters = one_of(aws_template, "AWS::RDS::DBParameterGroup")["Parameters"]
        assert parameters["require_secure_transport"] == "1"
        urls = [
            json.dumps(secret["SecretString"])
            for secret in all_of(aws_template, "AWS::SecretsManager::Secret")
            if "SecretString" in secret
        ]
        assert len(urls) == 5
        for url in urls:
            assert "OrdersProxy" in url
            assert "ssl_ca=/etc/" in url

    def test_prod_keeps_it_and_dev_does_not(
        self, aws_template: Template, dev_template: Template
    ) -> None:
        for template, policy in ((aws_template, "Retain"), (dev_template, "Delete")):
            for resource in template["Resources"].values():
                if resource["Type"] in {"AWS::RDS::DBInstance", "AWS::S3::Bucket"}:
                    assert resource["DeletionPolicy"] == policy


class TestServing:
    def test_each_route_of_the_recommender_is_sent_to_it(self) -> None:
        assert {
            path for path in _routes(create_recommender()) if not _is_recommenders(path)
        } == set()

    def test_no_route_of_the_storefront_is_sent_to_the_recommender(self) -> None:
        assert {path for path in _routes(create_storefront()) if _is_recommenders(path)} == set()

    def test_figures_and_developers_routes_are_hidden(self, aws_template: Template) -> None:
        rules = all_of(aws_template, "AWS::ElasticLoadBalancingV2::ListenerRule")
        first = min(rules, key=lambda rule: rule["Priority"])
        [condition] = first["Conditions"]
        assert condition["PathPatternConfig"]["Values"] == list(HIDDEN_PATHS)
        assert first["Actions"][0]["FixedResponseConfig"]["StatusCode"] == "404"

    def test_a_container_gets_requests_when_it_is_ready(self, aws_template: Template) -> None:
        groups = all_of(aws_template, "AWS::ElasticLoadBalancingV2::TargetGroup")
        assert [group["HealthCheckPath"] for group in groups] == ["/ready", "/ready"]

    def test_prod_answers_by_https_alone(self, aws_template: Template) -> None:
        listeners = all_of(aws_template, "AWS::ElasticLoadBalancingV2::Listener")
        by_port = {listener["Port"]: listener for listener in listeners}
        assert by_port[443]["Certificates"]
        assert by_port[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"

    def test_prod_without_a_certificate_is_refused(self) -> None:
        with pytest.raises(NoCertificateError, match="CLOUD_CERTIFICATE_ARN"):
            build_for_aws(None, CloudSettings(stage=StageName.PROD, certificate_arn=None))

    def test_there_are_more_when_they_are_busy_or_asked_much(self, aws_template: Template) -> None:
        policies = all_of(aws_template, "AWS::ApplicationAutoScaling::ScalingPolicy")
        kinds = [
            policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"][
                "PredefinedMetricType"
            ]
            for policy in policies
        ]
        assert sorted(kinds) == sorted(
            ["ALBRequestCountPerTarget", "ECSServiceAverageCPUUtilization"] * 2
        )

    def test_the_storefront_puts_events_and_keeps_bad_ones(self, aws_template: Template) -> None:
        puts = {"kinesis:DescribeStreamSummary", "kinesis:PutRecords"}
        assert may_do(aws_template, "SellingRelayTaskTaskRole") == {"EventsStream": puts}
        assert may_do(aws_template, "SellingStorefrontTaskTaskRole") == {
            "EventsStream": puts,
            "LakeLanding": {"s3:ListBucket"},
            "LakeLanding/bad/*": {
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:PutObject",
            },
        }

    def test_the_night_may_take_the_erased_out_of_what_was_delivered(
        self, aws_template: Template
    ) -> None:
        exporter = may_do(aws_template, "DailyLoadExporterTaskTaskRole")
        assert {"s3:PutObject", "s3:DeleteObject"} <= exporter["LakeLanding/events/*"]


class TestWatching:
    def test_every_alarm_is_named_tells_somebody_and_points_to_the_runbook(
        self, aws_template: Template
    ) -> None:
        alarms = {a["AlarmName"]: a for a in all_of(aws_template, "AWS::CloudWatch::Alarm")}
        assert set(alarms) == {f"fashion-store-prod-{name}" for name in ALARMS}
        for alarm in alarms.values():
            assert alarm["AlarmActions"] == alarm["OKActions"] != []
            assert "docs/runbook.md" in alarm["AlarmDescription"]

    def test_a_day_without_a_load_is_noticed_though_nothing_is_logged(
        self, aws_template: Template
    ) -> None:
        [alarm] = [
            a
            for a in all_of(aws_template, "AWS::CloudWatch::Alarm")
            if a["AlarmName"].endswith("load-overdue")
        ]
        assert alarm["TreatMissingData"] == "breaching"
        assert alarm["EvaluationPeriods"] * alarm["Period"] == 26 * 3600

    def test_the_logged_figures_are_those_that_the_services_log(
        self, aws_template: Template
    ) -> None:
        filters: dict[str, Any] = {
            f["MetricTransformations"][0]["MetricName"]: f
            for f in all_of(aws_template, "AWS::Logs::MetricFilter")
        }
        logged = {"OutboxLagSeconds", "PicksServed", "PicksFallback"}
        assert filters.keys() == logged | {"LoadedDays"}
        waiting = filters["OutboxLagSeconds"]
        assert '"outbox_waiting"' in waiting["FilterPattern"]
        assert waiting["MetricTransformations"][0]["MetricValue"] == "$.lag_seconds"
        assert '"load_ended"' in filters["LoadedDays"]["FilterPattern"]
        assert '"loaded"' in filters["LoadedDays"]["FilterPattern"]
        for field in ("served", "fallback"):
            found = filters[f"Picks{field.title()}"]
            assert '"picks_served"' in found["FilterPattern"]
            assert found["MetricTransformations"][0]["MetricValue"] == f"$.{field}"

    def test_the_topic_is_encrypted_and_the_senders_may_use_its_key(
        self, aws_template: Template
    ) -> None:
        assert one_of(aws_template, "AWS::SNS::Topic")["KmsMasterKeyId"]
        key = one_of(aws_template, "AWS::KMS::Key")
        assert key["EnableKeyRotation"] is True
        services = {
            service
            for statement in key["KeyPolicy"]["Statement"]
            for service in as_list(statement["Principal"].get("Service", []))
        }
        assert services == {f"{name}.amazonaws.com" for name in ("cloudwatch", "events", "budgets")}

    @pytest.mark.parametrize("stage", STAGES)
    def test_each_stage_has_a_budget(
        self, stage: StageName, aws_template: Template, dev_template: Template
    ) -> None:
        template = {DEV.name: dev_template, PROD.name: aws_template}[stage]
        limit = one_of(template, "AWS::Budgets::Budget")["Budget"]["BudgetLimit"]
        assert limit == {"Amount": STAGES[stage].monthly_budget_dollars, "Unit": "USD"}

    def test_everything_is_tagged_with_its_stage(self, aws_template: Template) -> None:
        instance = one_of(aws_template, "AWS::RDS::DBInstance")
        assert {"Key": "stage", "Value": "prod"} in instance["Tags"]
