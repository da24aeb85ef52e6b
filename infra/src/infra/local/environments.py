"""What each process is told: the one place where settings and the resources of the machine meet.

A process gets its own variables and no other: the recommender cannot read the buyers' table, and
only the storefront holds the key that signs tokens.
"""

from dataclasses import dataclass
from pathlib import Path

from infra.local.database import Database
from infra.local.keys import Keys
from infra.local.resources import Resources
from infra.local.settings import LocalSettings, inherited_environment

Environment = dict[str, str]

# What the exporter takes for a page of rows goes back to the system, not to each thread's heap.
RETURNED_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024)}
METRICS = "metrics"
"""The folder, beside the processes' state, in which those without a port leave their figures."""

# Column by column for users: the lake needs no name and no password, and of an address the city.
EXPORTER_PRIVILEGES = (
    "SELECT ON purchases",
    "SELECT ON purchase_lines",
    "SELECT ON products",
    "SELECT (id, sex, birthdate, address, created_at, erased_at) ON users",
)
RECOMMENDER_PRIVILEGES = ("SELECT ON products",)
STOREFRONT_PRIVILEGES = ("SELECT, INSERT, UPDATE, DELETE ON *",)


@dataclass(frozen=True)
class DatabaseUrls:
    """One URL for each user of the database, each with no more rights than it needs."""

    owner: str
    storefront: str
    recommender: str
    exporter: str

    @classmethod
    def granted_by(cls, database: Database) -> "DatabaseUrls":
        """Make the users anew, with new passwords."""
        return cls(
            owner=database.owner_url,
            storefront=database.grant("storefront", *STOREFRONT_PRIVILEGES),
            recommender=database.grant("recommender", *RECOMMENDER_PRIVILEGES),
            exporter=database.grant("exporter", *EXPORTER_PRIVILEGES),
        )


@dataclass(frozen=True)
class Environments:
    """Builds the environment of each process."""

    settings: LocalSettings
    aws: Environment
    urls: DatabaseUrls
    resources: Resources
    keys: Keys
    folder: Path
    overrides: Environment

    def storefront(self) -> Environment:
        """Return what the storefront and its outbox relay are told."""
        return self._common() | {
            "STOREFRONT_DATABASE_URL": self.urls.storefront,
            "STOREFRONT_EVENT_STREAM": self.resources.event_stream,
            "STOREFRONT_LANDING_BUCKET": self.resources.landing_bucket,
            "STOREFRONT_TOKEN_PRIVATE_KEY_FILE": str(self.keys.token_private),
            "STOREFRONT_CURRENCY": self.settings.currency,
            "STOREFRONT_EVENT_SPOOL_FOLDER": str(self.folder / "spool"),
            "STOREFRONT_METRICS_FOLDER": str(self.folder / METRICS),
            # Every shopper of this machine has the same address.
            "STOREFRONT_ADDRESS_REQUESTS_PER_MINUTE": "0",
            "STOREFRONT_CREDENTIAL_REQUESTS_PER_MINUTE": "0",
            # The 19 MB of a password hash go back to the system at once, not to each thread's heap.
            "MALLOC_MMAP_THRESHOLD_": str(1024 * 1024),
        }

    def recommender(self) -> Environment:
        """Return what the recommender and its build job are told."""
        told = self._common() | {
            "RECOMMENDER_SHOPPERS_TABLE": self.resources.shoppers_table,
            "RECOMMENDER_TRENDS_TABLE": self.resources.trends_table,
            "RECOMMENDER_MODELS_TABLE": self.resources.models_table,
            "RECOMMENDER_MODEL_BUCKET": self.resources.model_bucket,
            "RECOMMENDER_LANDING_BUCKET": self.resources.landing_bucket,
            "RECOMMENDER_DATABASE_URL": self.urls.recommender,
            "RECOMMENDER_TOKEN_PUBLIC_KEY_FILE": str(self.keys.token_public),
        }
        experiment = self.settings.recommender_experiment
        return told if experiment is None else told | {"RECOMMENDER_EXPERIMENT": experiment}

    def exporter(self) -> Environment:
        """Return what the exporter is told."""
        return self._common() | {
            "EXPORTER_DATABASE_URL": self.urls.exporter,
            "EXPORTER_LANDING_BUCKET": self.resources.landing_bucket,
            "EXPORTER_CLEAN_BUCKET": self.resources.clean_bucket,
            "EXPORTER_GLUE_DATABASE": self.resources.glue_database,
            "EXPORTER_PSEUDONYM_KEY_FILE": str(self.keys.pseudonym),
            "EXPORTER_BUSINESS_TIMEZONE": self.settings.business_timezone,
            **RETURNED_MEMORY,
            "EXPORTER_METRICS_FOLDER": str(self.folder / METRICS),
        }

    def event_source(self) -> Environment:
        """Return what the event source poller is told."""
        return self._common() | {
            "EVENT_SOURCE_STREAM": self.resources.event_stream,
            "EVENT_SOURCE_FUNCTION": self.resources.interactions_function,
            "EVENT_SOURCE_FAILURE_QUEUE_URL": self.resources.failure_queue_url,
            "EVENT_SOURCE_STATE_FOLDER": str(self.folder / "event-source"),
        }

    def delivery(self) -> Environment:
        """Return what the delivery worker is told."""
        return self._common() | {
            "DELIVERY_STREAM": self.resources.event_stream,
            "DELIVERY_BUCKET": self.resources.landing_bucket,
            "DELIVERY_STATE_FOLDER": str(self.folder / "delivery"),
        }

    def schedule(self) -> Environment:
        """Return what the scheduler is told, and with it the jobs that it starts."""
        return (
            self.exporter()
            | self.recommender()
            | {
                "SCHEDULE_STATE_FOLDER": str(self.folder / "schedule"),
                "SCHEDULE_TIMEZONE": self.settings.business_timezone,
            }
        )

    def owner(self) -> Environment:
        """Return what the jobs that make tables and fill the catalogue are told."""
        return self.storefront() | {"STOREFRONT_DATABASE_URL": self.urls.owner}

    def tracing(self) -> Environment:
        """Return where traces go; nothing if nobody asked for them."""
        endpoint = self.settings.otlp_endpoint
        return {} if endpoint is None else {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}

    def _common(self) -> Environment:
        return inherited_environment() | self.aws | self.tracing() | self.overrides
