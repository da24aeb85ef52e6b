"""What is done once before the services start: migrations, database users, token keys."""

from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.constructs.containers import Container, Task, image
from infra.constructs.keys import Keys
from infra.constructs.orders_database import OWNER, USERS, OrdersDatabase
from infra.stages import Keeping, TaskSize


class Preparation(Construct):
    """A task that `make deploy` runs to its end; running it again changes nothing."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: OrdersDatabase,
        keys: Keys,
        size: TaskSize,
        keeping: Keeping,
    ) -> None:
        super().__init__(scope, construct_id)
        owner = ecs.Secret.from_secrets_manager(
            database.access("OwnerAccess", OWNER), "database_url"
        )
        passwords = {
            f"PREPARE_{user.upper()}_PASSWORD": ecs.Secret.from_secrets_manager(
                database.logins[user], "password"
            )
            for user in USERS
        }
        prepare = Container(
            image(
                self,
                "InfraImage",
                "infra/Dockerfile",
                *("services", "loadtest", "infra"),
            ),
            {
                "PREPARE_SIGNING_KEY_SECRET": keys.signing.secret_arn,
                "PREPARE_CHECKING_KEY_SECRET": keys.checking.secret_arn,
            },
            {"PREPARE_DATABASE_URL": owner, **passwords},
            command=("infra.cloud.prepare",),
        )
        self.task = Task(self, "Prepare", prepare, size=size, keeping=keeping)
        keys.grant_fill(self.task.definition.task_role)
        self._migrate_first(owner)

    def _migrate_first(self, owner: ecs.Secret) -> None:
        migrate = Container(
            image(self, "StorefrontImage", "services/storefront/Dockerfile", "services/storefront"),
            {},
            {"STOREFRONT_DATABASE_URL": owner},
            command=("storefront", "migrate"),
        )
        migrated = self.task.add("Migrate", migrate, essential=False)
        self.task.container.add_container_dependencies(
            ecs.ContainerDependency(
                container=migrated, condition=ecs.ContainerDependencyCondition.SUCCESS
            )
        )
