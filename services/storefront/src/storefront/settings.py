"""What the storefront is told by its environment (`STOREFRONT_...`)."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")]
Share = Annotated[Decimal, Field(ge=0, lt=1, max_digits=5, decimal_places=4)]
Fee = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class _Part(Settings):
    model_config = SettingsConfigDict(env_prefix="STOREFRONT_")


class DatabaseSettings(_Part):
    """What every command of the storefront needs: the way to MySQL."""

    database_url: SecretStr
    """Where MySQL is and who we are there: `mysql+pymysql://user:password@host:port/database`."""
    database_pool_size: int = Field(20, ge=1)
    """How many connections one process keeps at most."""
    database_pool_timeout_seconds: float = Field(5, gt=0)
    """How long a request waits for a free connection before it is answered 503."""
    lock_wait_timeout_seconds: int = Field(3, ge=1)
    """How long a statement waits for a row's lock before its transaction begins anew."""
    transaction_attempts: int = Field(5, ge=1)
    """How often a transaction that met a deadlock is tried before it is answered 503."""
    currency: str = Field("INR", pattern=r"^[A-Z]{3}$")
    """ISO 4217 code of the catalogue's prices."""


class PaymentSettings(_Part):
    """How the payment provider is asked, and when it is believed."""

    payment_provider: Literal["fake"] = "fake"
    """Who takes the money; `fake` knows test cards, and keeps its books in memory."""
    payment_timeout: timedelta = timedelta(seconds=5)
    """How long a payment's provider may take before its outcome counts as unknown."""
    payment_threads: int = Field(8, ge=1)
    """How many requests wait for the payment provider at once; the others wait for their turn."""
    payment_signing_key: SecretStr | None = Field(None, min_length=1)
    """Secret that signs the payment provider's notifications; without it none is believed."""
    payment_signature_tolerance: timedelta = timedelta(minutes=5)
    """How old a signed notification may be, or how far its clock ahead, to be believed."""


class StreamSettings(_Part):
    """The way to the interaction stream."""

    event_stream: str = Field(min_length=1)
    """Name of the Kinesis stream that interactions go to."""


class RelaySettings(DatabaseSettings, PaymentSettings, StreamSettings):
    """What the outbox relay needs besides, and the housekeeping that runs beside it."""

    relay_poll: timedelta = timedelta(milliseconds=200)
    """How long the relay rests when the outbox is empty."""
    relay_batch_size: int = Field(500, ge=1, le=500)
    """How many outbox rows the relay sends at once; Kinesis takes 500."""
    relay_lanes: int = Field(4, ge=1, le=16)
    """How many of the outbox's 16 lanes one relay holds at most while it sends a batch."""
    relay_silence: timedelta = Field(timedelta(minutes=1), ge=timedelta(seconds=1))
    """How long lanes wait for a relay that is gone; longer than a call to Kinesis may take."""
    outbox_watch_pause: timedelta = timedelta(seconds=10)
    """How often it is told how many outbox rows wait, and since when."""
    metrics_folder: Path | None = None
    """Where the relay leaves its figures, as a Prometheus text file; nowhere if not set."""
    outbox_retention: timedelta = timedelta(days=7)
    """How long outbox rows are kept once they are sent."""
    idempotency_key_lifetime: timedelta = timedelta(hours=24)
    """How long the answer to an Idempotency-Key is repeated; afterwards the key is new again."""
    guest_cart_lifetime: timedelta = timedelta(days=365)
    """How long a guest's cart is kept after its last change."""
    housekeeping_pause: timedelta = timedelta(seconds=30)
    """How often what is over is cleared: reservations, keys, tokens, sent rows, guests' carts."""
    housekeeping_batch_size: int = Field(1_000, ge=1)
    """How many rows housekeeping clears in one transaction."""


class CatalogueSettings(_Part):
    """How lists and searches are answered."""

    catalogue_max_age: timedelta = timedelta(seconds=1)
    """How far lists and searches may lie behind the database."""
    catalogue_overlap: timedelta = timedelta(seconds=60)
    """How far each reading goes back behind the one before: longer than a transaction lives."""


class TokenSettings(_Part):
    """How shoppers prove who they are."""

    token_private_key_file: Path
    """PEM file with the Ed25519 key that signs bearer tokens."""
    token_former_public_key_files: tuple[Path, ...] = ()
    """PEM files, as a JSON list, with the public halves of keys whose tokens are still out."""
    token_lifetime: timedelta = timedelta(hours=1)
    """How long a bearer token holds."""
    refresh_token_lifetime: timedelta = timedelta(days=30)
    """How long a login lasts without its password, if it is used at least this often."""
    anonymous_token_lifetime: timedelta = timedelta(days=365)
    """How long a shopper who is not logged in keeps the same id and cart."""
    token_issuer_url: str | None = None
    """Outside issuer of the users' tokens (OpenID Connect, such as Cognito); ours if not set."""
    token_audience: str | None = None
    """What the outside issuer's tokens must name in `aud` or, as Cognito does, `client_id`."""
    token_jwks_url: str | None = None
    """Where the outside issuer publishes its keys; `{issuer}/.well-known/jwks.json` if not set."""
    token_groups_claim: str = "cognito:groups"  # noqa: S105 - the name of a claim
    """The outside issuer's claim that lists a user's roles; who has none there is a customer."""
    password_memory_kib: int = Field(19_456, ge=8)
    """Memory of one Argon2id password hash; OWASP's least, so that many logins fit in memory."""
    password_passes: int = Field(2, ge=1)
    """Passes of one Argon2id password hash."""

    @model_validator(mode="after")
    def _names_its_audience(self) -> Self:
        # Else a token that the same issuer gave for any other website would open accounts here.
        if self.token_issuer_url is not None and not self.token_audience:
            raise ValueError("token_issuer_url needs token_audience")
        return self


class SafetySettings(_Part):
    """What every request has to pass."""

    request_body_limit_bytes: int = Field(256 * 1024, ge=1)
    """Longest body of any request but POST /events; a longer one is answered 413."""
    request_body_timeout: timedelta = Field(timedelta(seconds=20), gt=timedelta())
    """How long a whole body may take to come before 408; a load balancer's wait is longer."""
    request_head_limit_bytes: int = Field(32 * 1024, ge=1024)
    """Longest request line and headers, and framing of a body; a longer one is answered 431."""
    request_head_timeout: timedelta = Field(timedelta(seconds=10), gt=timedelta())
    """How long a connection may be without a whole request line and headers; then it is closed."""
    answer_timeout: timedelta = Field(timedelta(seconds=20), gt=timedelta())
    """How long a client may leave an answer unread before its connection is given up."""
    user_requests_per_minute: int = Field(600, ge=0)
    """Requests of one bearer before 429; 0 for no limit. Each process counts for itself."""
    address_requests_per_minute: int = Field(3_000, ge=0)
    """Requests of one address before 429; 0 for no limit."""
    credential_requests_per_minute: int = Field(30, ge=0)
    """Attempts to log in or register from one address before 429; 0 for no limit."""
    rate_limit_entries: int = Field(100_000, ge=1)
    """How many bearers and addresses are counted at once; the longest silent are forgotten."""
    cors_origins: tuple[Origin, ...] = ()
    """Websites, as a JSON list of origins, whose pages may call the API from a browser."""


class PurchaseSettings(_Part):
    """How purchases are priced, paid and written."""

    tax_rate: Share = Decimal("0.05")
    """Share of the price that is tax: 0.05 for 5 %."""
    prices_include_tax: bool = True
    """Whether the catalogue's prices already hold the tax; if not, it comes on top."""
    shipping_fee: Fee = Decimal(0)
    """What shipping one purchase costs, tax included."""
    free_shipping_from: Fee | None = None
    """Worth of the lines from which shipping is free; never if not set."""
    reservation_lifetime: timedelta = timedelta(minutes=15)
    """How long units are kept for a shopper at the checkout."""
    purchase_batch_size: int = Field(64, ge=1, le=500)
    """How many purchases are committed together at most."""
    purchase_batches_in_flight: int = Field(2, ge=1, le=16)
    """How many such commits run at once."""
    purchase_queue_limit: int = Field(2_000, ge=1)
    """How many purchases may wait for their commit before POST /purchases answers 503."""
    shop_name: str = Field("Fashion Store", min_length=1)
    """Name of the shop on its invoices."""


class JudgeSettings(StreamSettings):
    """What it takes to judge interaction events, be it for the second time."""

    landing_bucket: str = Field(min_length=1)
    """Name of the bucket in which rejected events are kept with their reasons."""
    event_clock_tolerance: timedelta = timedelta(seconds=2)
    """How far a client's clock may be off, its way to us included, before it is corrected."""


class EventSettings(JudgeSettings):
    """How interaction events are taken."""

    event_body_limit_bytes: int = Field(1024 * 1024, ge=1, le=4 * 1024 * 1024)
    """Longest body that POST /events reads, packed or unpacked; a longer one is answered 413."""
    event_queue_limit: int = Field(20_000, ge=500)
    """How many accepted events may wait for Kinesis before POST /events answers 503."""
    event_batches_in_flight: int = Field(2, ge=1, le=64)
    """How many PutRecords calls run at once; while fewer do, an event waits for nobody."""
    event_attempts: int = Field(4, ge=1)
    """How often an event that Kinesis throttled is put before its request is answered 503."""
    event_stream_rest: timedelta = timedelta(seconds=1)
    """How long a stream that did not answer is left alone before it is tried again."""
    event_spool_folder: Path | None = None
    """Where events wait while Kinesis is away; without it such requests are answered 503."""
    event_spool_limit_bytes: int = Field(256 * 1024 * 1024, ge=1)
    """How much may wait on disk before POST /events answers 503."""
    development: bool = False
    """Serve GET /dev/events/{all,good,bad}: what was taken lately. Never in production."""
    development_events_kept: int = Field(1_000, ge=1)
    """How many good and how many bad events GET /dev/events remembers."""


class StorefrontSettings(
    RelaySettings,
    CatalogueSettings,
    TokenSettings,
    SafetySettings,
    PurchaseSettings,
    EventSettings,
):
    """What the REST API needs."""

    request_threads: int = Field(8, ge=1)
    """How many requests work with MySQL at once; more only pass the interpreter's lock around."""

    @model_validator(mode="after")
    def _has_enough_connections(self) -> Self:
        # One for each request that has its turn, one for each thread that is in a transaction of
        # its own, one for each batch of purchases.
        if self.database_pool_size < 2 * self.request_threads + self.purchase_batches_in_flight:
            raise ValueError(
                "database_pool_size must be at least twice request_threads"
                " and purchase_batches_in_flight"
            )
        return self
