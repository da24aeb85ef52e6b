"""The shop's network: what faces the internet, what only calls out, and what does neither."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.constructs.keeping import log_group
from infra.stages import Keeping, NetworkSize

MYSQL = 3306
NFS = 2049
HTTPS = 443


class Network(Construct):
    """Three kinds of subnets, and who may open a connection to whom.

    public    the load balancer and the ways out
    private   containers and functions: they call AWS, nobody calls them but the balancer
    isolated  the database, its proxy and the spool: no way out, no way in but from the private ones
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, size: NetworkSize, keeping: Keeping
    ) -> None:
        super().__init__(scope, construct_id)
        self.addresses = size.addresses
        self.vpc = self._build_vpc(size)
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group(self, keeping)),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
        self.private = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        self.isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        self.balancer = self._build_group("Balancer", "The load balancer.", calls=False)
        self.storefront = self._build_group("Storefront", "Containers of the storefront.")
        self.recommender = self._build_group("Recommender", "Containers of the recommender.")
        self.workers = self._build_group("Workers", "The relay, the jobs, the on-demand load.")
        self.proxy = self._build_group("Proxy", "Proxy of the orders database.", calls=False)
        self.database = self._build_group("Database", "The orders database.", calls=False)
        self.spool = self._build_group("Spool", "Where events wait.", calls=False)
        self._connect()
        self._build_endpoints(size)

    def _build_vpc(self, size: NetworkSize) -> ec2.Vpc:
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(size.addresses),
            max_azs=size.zones,
            nat_gateways=size.nat_gateways,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name=name, subnet_type=kind, map_public_ip_on_launch=False if public else None
                )
                for name, kind, public in (
                    ("Public", ec2.SubnetType.PUBLIC, True),
                    ("Private", ec2.SubnetType.PRIVATE_WITH_EGRESS, False),
                    ("Isolated", ec2.SubnetType.PRIVATE_ISOLATED, False),
                )
            ],
            # Both are free, and what goes by them pays no way out.
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
                ),
            },
        )

    def _build_endpoints(self, size: NetworkSize) -> None:
        if not size.interface_endpoints:
            return
        group = self._build_group("Endpoints", "Services of AWS within the network.", calls=False)
        for caller in self._callers():
            group.add_ingress_rule(caller, ec2.Port.tcp(HTTPS), "AWS, without the way out.")
        for name in size.interface_endpoints:
            self.vpc.add_interface_endpoint(
                name.title().replace("_", ""),
                service=getattr(ec2.InterfaceVpcEndpointAwsService, name),
                subnets=self.private,
                security_groups=[group],
                open=False,
            )

    def _build_group(
        self, construct_id: str, description: str, *, calls: bool = True
    ) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self,
            construct_id,
            vpc=self.vpc,
            description=description,
            allow_all_outbound=calls,
        )

    def _callers(self) -> tuple[ec2.SecurityGroup, ...]:
        return (self.storefront, self.recommender, self.workers)

    def _connect(self) -> None:
        for caller in self._callers():
            self.proxy.add_ingress_rule(caller, ec2.Port.tcp(MYSQL), "MySQL, by the proxy alone.")
        # CDK lets the proxy to the database when it joins them; once more would be refused.
        self.spool.add_ingress_rule(self.storefront, ec2.Port.tcp(NFS), "Files of the spool.")
