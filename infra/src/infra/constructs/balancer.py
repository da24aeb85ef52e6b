"""The one address of the shop: which requests are the recommender's, and which are nobody's."""

from aws_cdk import Annotations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from infra.constructs.access_logs import BALANCER_PREFIX, AccessLogs
from infra.constructs.network import Network
from infra.stages import PLAIN_WARNING

HTTP, HTTPS = 80, 443
# What operators ask of a process is not answered to the internet.
HIDDEN_PATHS = ("/metrics", "/dev/*")
HIDDEN_PRIORITY = 1
FIRST_PRIORITY = 10
NOT_FOUND = 404


class Balancer(Construct):
    """The load balancer; HTTPS with a certificate, else plain HTTP and a warning."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: Network,
        access_logs: AccessLogs,
        certificate_arn: str | None,
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self._rules = 0
        self.load_balancer = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=network.vpc,
            internet_facing=True,
            security_group=network.balancer,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            drop_invalid_header_fields=True,
            deletion_protection=deletion_protection,
        )
        self._log_to(access_logs)
        self.listener = self._build_listener(certificate_arn)
        self.address = (
            f"{'https' if certificate_arn else 'http'}://"
            f"{self.load_balancer.load_balancer_dns_name}"
        )

    def forward(self, targets: elb.ApplicationTargetGroup, *paths: str) -> None:
        """Send requests to these paths, or all that are nobody else's, to the targets."""
        if not paths:
            self.listener.add_target_groups("Everything", target_groups=[targets])
            return
        self.listener.add_target_groups(
            f"Paths{self._rules}",
            target_groups=[targets],
            priority=FIRST_PRIORITY + self._rules,
            conditions=[elb.ListenerCondition.path_patterns(list(paths))],
        )
        self._rules += 1

    def _build_listener(self, certificate_arn: str | None) -> elb.ApplicationListener:
        if certificate_arn is None:
            Annotations.of(self).add_warning_v2("fashion-store:plain-http", PLAIN_WARNING)
            listener = self.load_balancer.add_listener(
                "Http", port=HTTP, protocol=elb.ApplicationProtocol.HTTP
            )
        else:
            self.load_balancer.add_redirect(source_port=HTTP, target_port=HTTPS)
            listener = self.load_balancer.add_listener(
                "Https",
                port=HTTPS,
                certificates=[elb.ListenerCertificate.from_arn(certificate_arn)],
                ssl_policy=elb.SslPolicy.TLS13_RES,
            )
        listener.add_action(
            "Hidden",
            priority=HIDDEN_PRIORITY,
            conditions=[elb.ListenerCondition.path_patterns(list(HIDDEN_PATHS))],
            action=elb.ListenerAction.fixed_response(NOT_FOUND),
        )
        return listener

    def _log_to(self, access_logs: AccessLogs) -> None:
        # CDK's own way must know the region; the bucket lets the balancers of every region write.
        for name, value in {
            "access_logs.s3.enabled": "true",
            "access_logs.s3.bucket": access_logs.bucket.bucket_name,
            "access_logs.s3.prefix": BALANCER_PREFIX,
        }.items():
            self.load_balancer.set_attribute(name, value)
        self.load_balancer.node.add_dependency(access_logs.bucket)
