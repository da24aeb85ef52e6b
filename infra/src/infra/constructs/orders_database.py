"""The orders database: RDS MySQL 8.4 behind a proxy, and a login for each service."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import RemovalPolicy, SecretValue
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import names
from infra.constructs.keeping import duration, removal
from infra.constructs.network import Network
from infra.stages import DatabaseSize, Keeping

OWNER = "owner"
USERS = ("storefront", "recommender", "exporter")
# As in docker-compose.yml: the storefront compares names byte by byte and thinks in UTC.
PARAMETERS = {
    "character_set_server": "utf8mb4",
    "collation_server": "utf8mb4_bin",
    "time_zone": "UTC",
    "require_secure_transport": "1",
}
# Whom each kind of machine believes who the proxy is; the proxy's certificate is a public one.
CONTAINER_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
FUNCTION_CERTIFICATES = "/etc/pki/tls/certs/ca-bundle.crt"


@dataclass(frozen=True)
class Sizes:
    """How large the database is, and how long its data is kept."""

    database: DatabaseSize
    keeping: Keeping
    password_round: int


class OrdersDatabase(Construct):
    """MySQL that only its proxy reaches, which only the shop's own programs reach."""

    def __init__(
        self, scope: Construct, construct_id: str, *, network: Network, sizes: Sizes
    ) -> None:
        super().__init__(scope, construct_id)
        self._sizes = sizes
        self.owner = self._build_login(OWNER)
        self.logins = {user: self._build_login(user, round_=sizes.password_round) for user in USERS}
        self.instance = self._build_instance(network)
        self.proxy = self._build_proxy(network)

    def access(
        self,
        construct_id: str,
        user: str,
        *,
        certificates: str = CONTAINER_CERTIFICATES,
        others: Mapping[str, SecretValue] | None = None,
    ) -> secretsmanager.Secret:
        """Return a secret with the field `database_url`, by which that user enters, and others.

        CloudFormation puts the password in when it deploys: no template and no output holds it.
        """
        login = self.owner if user == OWNER else self.logins[user]
        password = login.secret_value_from_json("password").unsafe_unwrap()
        url = (
            f"mysql+pymysql://{user}:{password}@{self.proxy.endpoint}/{names.DATABASE}"
            f"?charset=utf8mb4&ssl_ca={certificates}"
        )
        # Else CloudFormation would not see that the password behind the reference is another one.
        # The name tells what to do with it, as a secret has no version that a template could name.
        fields = {
            "database_url": SecretValue.unsafe_plain_text(url),
            "password_round": SecretValue.unsafe_plain_text(str(self._sizes.password_round)),
        }
        return secretsmanager.Secret(
            self,
            construct_id,
            description=f"How {user} reaches the orders database.",
            secret_object_value={**fields, **(others or {})},
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _build_login(self, user: str, *, round_: int = 1) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            f"{user.title()}Login",
            description=f"Name and password of the database's user {user}.",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=f'{{"username": "{user}", "round": {round_}}}',
                generate_string_key="password",
                # It is part of a URL.
                exclude_punctuation=True,
            ),
            removal_policy=removal(self._sizes.keeping),
        )

    def _build_instance(self, network: Network) -> rds.DatabaseInstance:
        size, keeping = self._sizes.database, self._sizes.keeping
        engine = rds.DatabaseInstanceEngine.mysql(version=rds.MysqlEngineVersion.VER_8_4_7)
        return rds.DatabaseInstance(
            self,
            "Instance",
            engine=engine,
            instance_type=ec2.InstanceType(size.instance),
            credentials=rds.Credentials.from_secret(self.owner),
            database_name=names.DATABASE,
            parameter_group=rds.ParameterGroup(
                self, "Parameters", engine=engine, parameters=PARAMETERS
            ),
            vpc=network.vpc,
            vpc_subnets=network.isolated,
            security_groups=[network.database],
            publicly_accessible=False,
            multi_az=size.multi_az,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            allocated_storage=size.storage_gibibytes,
            max_allocated_storage=size.most_storage_gibibytes,
            backup_retention=duration(size.backups),
            delete_automated_backups=not keeping.outlives_stack,
            copy_tags_to_snapshot=True,
            deletion_protection=size.deletion_protection,
            auto_minor_version_upgrade=True,
            cloudwatch_logs_exports=["error", "slowquery"],
            removal_policy=removal(keeping),
        )

    def _build_proxy(self, network: Network) -> rds.DatabaseProxy:
        return rds.DatabaseProxy(
            self,
            "Proxy",
            proxy_target=rds.ProxyTarget.from_instance(self.instance),
            secrets=[self.owner, *self.logins.values()],
            vpc=network.vpc,
            vpc_subnets=network.isolated,
            security_groups=[network.proxy],
            require_tls=True,
            # MySQL 8.4 has the older one switched off.
            client_password_auth_type=rds.ClientPasswordAuthType.MYSQL_CACHING_SHA2_PASSWORD,
            max_connections_percent=self._sizes.database.most_connections_percent,
            # Every session of ours sets the same: nobody gets another's settings.
            session_pinning_filters=[rds.SessionPinningFilter.EXCLUDE_VARIABLE_SETS],
        )
